/** What the server sends for a chart, and pure helpers around it. */
export interface Level {
  name: string;
  value: number;
  below: boolean;
  priority: "P1" | "P2" | "P3";
}

/** [second since 1970, value or null, flags] */
export type Mark = [number, number | null, number];

/** Columns, seconds since 1970; null breaks the line. `step` null: readings themselves, else means with lows and highs. */
export interface Chart {
  at: number[];
  mean: (number | null)[];
  low?: (number | null)[];
  high?: (number | null)[];
  marks: Mark[];
  step: string | null;
  since: number;
  until: number;
}

/** [datastream, value or null, ms since 1970, flags] */
export type Live = [number, number | null, number, number];

/** The words for every bit set in `flags`. */
export function flagWords(flags: number, words: Record<string, string>): string[] {
  return Object.entries(words)
    .filter(([bit]) => (flags & Number(bit)) !== 0)
    .map(([, said]) => said);
}

/** The lowest and highest value that the axis has to show: all of the line, and the threshold it comes near to. */
export function extent(chart: Chart, levels: Level[]): [number, number] {
  const values = [...(chart.low ?? chart.mean), ...(chart.high ?? chart.mean)].filter((value) => value !== null);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!values.length) return [0, 1];
  const room = Math.max(high - low, Math.abs(high) * 0.1, 1e-6);
  for (const level of levels) if (level.value > low - room && level.value < high + room) [low, high] = [Math.min(low, level.value), Math.max(high, level.value)];
  const margin = Math.max((high - low) * 0.06, Math.abs(high) * 0.005, 1e-6);
  return [low >= 0 && low - margin < 0 ? 0 : low - margin, high + margin];
}

/** The bands between thresholds, each up (or down) to the next: [from, to, level]; infinite at the end. */
export function bands(levels: Level[]): [number, number, Level][] {
  const above = levels.filter((level) => !level.below).sort((a, b) => a.value - b.value);
  const below = levels.filter((level) => level.below).sort((a, b) => b.value - a.value);
  return [
    ...above.map((level, n): [number, number, Level] => [level.value, above[n + 1]?.value ?? Number.POSITIVE_INFINITY, level]),
    ...below.map((level, n): [number, number, Level] => [below[n + 1]?.value ?? Number.NEGATIVE_INFINITY, level.value, level]),
  ];
}

/** The index of the mark nearest to a second, within `reach` seconds; -1: none. Marks are in order. */
export function nearest(marks: Mark[], second: number, reach: number): number {
  let best = -1;
  let distance = reach;
  for (let n = 0; n < marks.length; n++) {
    const away = Math.abs((marks[n] as Mark)[0] - second);
    if (away <= distance) [best, distance] = [n, away];
  }
  return best;
}

/** A figure with about three digits that matter, as the server writes it. */
export function figure(value: number | null, language: string): string {
  if (value === null) return "–";
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  const format = new Intl.NumberFormat(language === "id" ? "id-ID" : "en-GB", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: size >= 10_000,
  });
  return format.format(value);
}
