/**
 * The chart of one datastream: asks the server for just as many points as it is wide, again after every zoom and, while
 * it shows the present, when new readings come. `<div data-chart="…/seri.json" data-stream data-range data-since
 * data-until data-unit>`; without JavaScript it stays hidden, the table below has the same figures.
 */
import type uPlot from "uplot";
import { t } from "../lib/t";
import { figure, flagWords, nearest, type Chart, type Level } from "./data";
import { draw } from "./plot";

const AGAIN_MS: Record<string, number> = { jam: 5_000, hari: 30_000 };
const SELDOM_MS = 120_000;

function element(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

export class Panel {
  private readonly canvas = element("div", "chart__plot");
  private readonly readout = element("p", "chart__readout small");
  private readonly note = element("p", "banner banner--warn");
  private readonly back = element("button", "button button--s");
  private readonly language = document.documentElement.lang;
  private chart: Chart | null = null;
  private plot: uPlot | null = null;
  private zoom: [number, number] | null = null;
  private asked: AbortController | null = null;
  private loadedAt = 0;

  constructor(
    private readonly place: HTMLElement,
    private readonly levels: Level[],
    private readonly words: Record<string, string>,
  ) {
    place.hidden = false;
    this.note.hidden = this.back.hidden = true;
    this.note.setAttribute("role", "status");
    this.back.textContent = t("Show the whole range");
    this.back.addEventListener("click", () => this.show(null));
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", t("Chart: {name}. The table below has the same figures.", { name: place.dataset["name"] ?? "" }));
    place.append(this.note, this.canvas, this.readout, this.back);
    this.watch();
    void this.load();
  }

  /** New readings came: look again, as often as this range is worth it. */
  refresh(): void {
    const range = this.place.dataset["range"] ?? "";
    if (!range || this.zoom || document.hidden) return;
    if (Date.now() - this.loadedAt >= (AGAIN_MS[range] ?? SELDOM_MS)) void this.load();
  }

  private watch(): void {
    let width = this.canvas.clientWidth;
    new ResizeObserver(() => {
      if (Math.abs(this.canvas.clientWidth - width) < 2) return;
      width = this.canvas.clientWidth;
      this.redraw();
    }).observe(this.canvas);
    new MutationObserver(() => this.redraw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  private show(zoom: [number, number] | null): void {
    this.zoom = zoom;
    this.back.hidden = zoom === null;
    void this.load();
  }

  private address(): string {
    const { chart, stream, range, since, until } = this.place.dataset;
    const query = new URLSearchParams({ aliran: stream ?? "", lebar: String(Math.max(100, this.canvas.clientWidth)) });
    const [from, to] = this.zoom ? this.zoom.map((second) => new Date(second * 1000).toISOString()) : [since, until];
    if (range && !this.zoom) query.set("rentang", range);
    else {
      query.set("dari", from ?? "");
      query.set("sampai", to ?? "");
    }
    return `${chart}?${query}`;
  }

  private async load(): Promise<void> {
    this.asked?.abort();
    this.asked = new AbortController();
    this.loadedAt = Date.now();
    this.canvas.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(this.address(), { signal: this.asked.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      this.chart = (await answer.json()) as Chart;
      this.say(this.chart.at.length ? "" : t("No reading in this time"));
      this.redraw();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) this.say(t("The chart could not be loaded. What you see may be old."), true);
    } finally {
      this.canvas.removeAttribute("aria-busy");
    }
  }

  private say(words: string, again = false): void {
    this.note.hidden = !words;
    this.note.textContent = words;
    if (!again) return;
    const button = element("button", "button button--s");
    button.textContent = t("Try again");
    button.addEventListener("click", () => void this.load());
    this.note.append(" ", button);
  }

  private redraw(): void {
    if (!this.chart) return;
    this.plot?.destroy();
    this.plot = draw(this.canvas, this.chart, this.levels, this.language, {
      zoom: (since, until) => this.show([since, until]),
      point: (index, second) => this.read(index, second),
    });
    this.read(null, 0);
  }

  private read(index: number | null, second: number): void {
    const { chart } = this;
    if (!chart) return;
    const value = index === null ? null : (chart.mean[index] ?? null);
    if (index === null || value === null) {
      this.readout.textContent = this.hint(chart);
      return;
    }
    const when = new Intl.DateTimeFormat(this.language === "id" ? "id-ID" : "en-GB", { timeZone: "Asia/Jakarta", dateStyle: "medium", timeStyle: "short" });
    const unit = this.place.dataset["unit"] ?? "";
    const said = [`${when.format((chart.at[index] as number) * 1000)}: ${figure(value, this.language)} ${unit}`];
    if (chart.low && chart.high) said.push(t("lowest {low}, highest {high}", { low: figure(chart.low[index] ?? null, this.language), high: figure(chart.high[index] ?? null, this.language) }));
    const reach = ((chart.until - chart.since) / Math.max(1, this.canvas.clientWidth)) * 8;
    const mark = chart.marks[nearest(chart.marks, second, reach)];
    if (mark) said.push(`⚑ ${flagWords(mark[2], this.words).join(", ")}`);
    this.readout.textContent = said.join(" · ");
  }

  private hint(chart: Chart): string {
    const said = [chart.step === null ? t("Every reading") : chart.step === "5m" ? t("Means of five minutes, shaded from lowest to highest") : t("Means, shaded from lowest to highest"), t("draw a range to look closer")];
    if (chart.marks.length) said.splice(1, 0, t("▲ flagged by the quality checks"));
    return said.join(" · ");
  }
}
