/** The drawing: a line with its band of lows and highs, thresholds as bands, flagged moments as marks. */
import uPlot from "uplot";
import { bands, extent, figure, type Chart, type Level } from "./data";

const ZONE = "Asia/Jakarta";
const DAY_S = 86_400;

export interface Palette {
  ink: string;
  soft: string;
  grid: string;
  band: string;
  mark: string;
  P1: string;
  P2: string;
  P3: string;
  font: string;
}

/** The page's colours as they are now. */
export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: of("--ink"), soft: of("--ink-3"), grid: of("--line"), band: of("--info-soft"), mark: of("--p2"),
    P1: of("--p1"), P2: of("--p2"), P3: of("--p3"), font: `12px ${of("--font")}`,
  };
}

/** Labels of the time axis: hours within days, days within months, months. */
function labels(language: string): uPlot.Axis.DynamicValues {
  const locale = language === "id" ? "id-ID" : "en-GB";
  const form = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options });
  const [hour, day, month] = [form({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }), form({ day: "numeric", month: "short" }), form({ month: "short", year: "2-digit" })];
  const clock = (second: number): string => hour.format(second * 1000).replace(":", ".");
  return (plot, splits) => {
    const span = (plot.scales["x"]?.max ?? 0) - (plot.scales["x"]?.min ?? 0);
    const said = splits.map((second) => {
      if (span > 120 * DAY_S) return month.format(second * 1000);
      if (span > 3 * DAY_S) return day.format(second * 1000);
      return clock(second) === "00.00" ? day.format(second * 1000) : clock(second);
    });
    return said.map((label, n) => (label === said[n - 1] ? "" : label));
  };
}

function drawBands(plot: uPlot, levels: Level[], colours: Palette): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [from, to, level] of bands(levels)) {
    const y = (value: number): number => (Number.isFinite(value) ? plot.valToPos(value, "y", true) : value > 0 ? bbox.top : bbox.top + bbox.height);
    ctx.globalAlpha = 0.1;
    ctx.fillStyle = colours[level.priority];
    ctx.fillRect(bbox.left, y(to), bbox.width, y(from) - y(to));
    ctx.globalAlpha = 0.9;
    ctx.fillRect(bbox.left, y(level.value) - 0.5, bbox.width, devicePixelRatio);
    ctx.font = `${11 * devicePixelRatio}px ${colours.font.slice(5)}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.fillText(level.name, bbox.left + 6 * devicePixelRatio, y(level.value) - 4 * devicePixelRatio);
  }
  ctx.restore();
}

/** A small flag on each flagged moment; what lies outside the picture stands at its edge. */
function drawMarks(plot: uPlot, chart: Chart, colours: Palette): void {
  const { ctx, bbox } = plot;
  const size = 4 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colours.mark;
  for (const [second, value] of chart.marks) {
    const x = plot.valToPos(second, "x", true);
    const wanted = value === null ? bbox.top + bbox.height : plot.valToPos(value, "y", true);
    const y = Math.min(bbox.top + bbox.height - size, Math.max(bbox.top + size, wanted));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y + size);
    ctx.lineTo(x - size, y + size);
    ctx.fill();
  }
  ctx.restore();
}

export interface Events {
  /** Somebody drew a range of seconds. */
  zoom: (since: number, until: number) => void;
  /** The pointer stands at this index and second; null: it is away. */
  point: (index: number | null, second: number) => void;
}

/** A new plot of `chart` in `place`. The caller destroys it. */
export function draw(place: HTMLElement, chart: Chart, levels: Level[], language: string, events: Events): uPlot {
  const colours = palette();
  const axis = { stroke: colours.soft, font: colours.font, grid: { stroke: colours.grid, width: 1 }, ticks: { stroke: colours.grid, width: 1 } };
  const hidden: uPlot.Series = { points: { show: false }, width: 0 };
  const options: uPlot.Options = {
    width: place.clientWidth, height: Math.max(220, Math.min(420, Math.round(place.clientWidth * 0.4))),
    tzDate: (second) => uPlot.tzDate(new Date(second * 1000), ZONE),
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7, fill: colours.ink } },
    scales: { x: { range: () => [chart.since, chart.until] }, y: { range: () => extent(chart, levels) } },
    axes: [{ ...axis, values: labels(language), space: 64 }, { ...axis, size: 56, values: (_plot, splits) => splits.map((value) => figure(value, language)) }],
    series: [{}, hidden, hidden, { stroke: colours.ink, width: 1.5, points: { size: 4, fill: colours.ink } }],
    bands: [{ series: [2, 1], fill: colours.band }],
    hooks: {
      drawAxes: [(plot) => drawBands(plot, levels, colours)],
      draw: [(plot) => drawMarks(plot, chart, colours)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width > 4) events.zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [(plot) => events.point(plot.cursor.idx ?? null, plot.posToVal(plot.cursor.left ?? -1, "x"))],
    },
  };
  return new uPlot(options, [chart.at, chart.low ?? chart.mean, chart.high ?? chart.mean, chart.mean] as uPlot.AlignedData, place);
}
