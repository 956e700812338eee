/** The stations' pages: the chart, and the newest readings as they come. */
import { t } from "../lib/t";
import { duration } from "../lib/time";
import { figure, flagWords, type Level, type Live } from "./data";
import { Panel } from "./panel";
import "uplot/dist/uPlot.min.css";
import "./station.css";

const PATIENCE_S = 900; // as stations/shown.py: SILENT
const TICK_MS = 5_000;

function parsed<T>(id: string, empty: T): T {
  const block = document.getElementById(id);
  return block?.textContent ? (JSON.parse(block.textContent) as T) : empty;
}

const words = parsed<Record<string, string>>("flag-words", {});
const place = document.querySelector<HTMLElement>("[data-chart]");
const panel = place ? new Panel(place, parsed<Level[]>("levels", []), words) : null;

/** One card's figure, age and flags out of a new reading. */
function update(card: HTMLElement, [, value, ms, flags]: Live): void {
  const [shown, age, odd] = ["[data-value]", "[data-age]", "[data-flags]"].map((part) => card.querySelector<HTMLElement>(part));
  if (ms <= Date.parse(age?.getAttribute("datetime") ?? "")) return; // known already
  if (shown) shown.textContent = figure(value, document.documentElement.lang);
  age?.setAttribute("datetime", new Date(ms).toISOString());
  odd?.replaceChildren(...flagWords(flags, words).map((said) => badge(said)));
  card.classList.add("is-new");
  setTimeout(() => card.classList.remove("is-new"), 900);
}

function badge(said: string): HTMLElement {
  const made = document.createElement("span");
  made.className = "badge";
  made.textContent = `⚑ ${said}`;
  return made;
}

function tick(cards: HTMLElement): void {
  for (const age of cards.querySelectorAll<HTMLElement>("[data-age]")) {
    const seconds = (Date.now() - Date.parse(age.getAttribute("datetime") ?? "")) / 1000;
    if (Number.isNaN(seconds)) continue;
    age.textContent = t("{span} ago", { span: duration(seconds) });
    if (seconds < PATIENCE_S) age.closest(".reading")?.classList.remove("is-stale");
  }
}

function follow(cards: HTMLElement, url: string): void {
  let source: EventSource | null = null;
  const heard = (event: MessageEvent<string>): void => {
    const readings = JSON.parse(event.data) as Live[];
    for (const reading of readings) {
      const card = cards.querySelector<HTMLElement>(`[data-reading="${reading[0]}"]`);
      if (card) update(card, reading);
    }
    tick(cards);
    if (!readings.some(([, , ms]) => Date.now() - ms < PATIENCE_S * 1000)) return;
    document.querySelector<HTMLElement>("[data-silent]")?.setAttribute("hidden", "");
    panel?.refresh();
  };
  const open = (): void => {
    source?.close();
    source = document.hidden ? null : new EventSource(url);
    source?.addEventListener("readings", heard);
  };
  open();
  document.addEventListener("visibilitychange", open);
  setInterval(() => tick(cards), TICK_MS);
}

const cards = document.querySelector<HTMLElement>("[data-readings]");
if (cards) follow(cards, cards.dataset["readings"] ?? "");
