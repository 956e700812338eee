/** What sensors' panels and marks share. Pure. */
import type { SensorMark } from "../map/sensors";
import type { Air, Condition, Gauge, LightGroup, Lot, Priority, Reading, SceneName, Station, Stream, Views, Water } from "./types";

export type Readings = ReadonlyMap<number, Reading>;

/** Flags that make a reading unfit to show as a value: sensing.rules.UNFIT. */
const UNFIT = 1 | 2 | 8 | 16 | 32 | 512;
const STALE_UPDATES = 3;

export interface Shown {
  value: number | null;
  /** When it was read, ms; null: never. */
  at: number | null;
  /** Three updates were missed, or there never was any. */
  stale: boolean;
}

/** What a datastream says now. */
export function shown(readings: Readings, stream: { id: number; every_s: number } | null | undefined, now: number): Shown {
  const row = stream ? readings.get(stream.id) : undefined;
  if (!row || !stream) return { value: null, at: null, stale: true };
  const stale = now - row[2] > Math.max(STALE_UPDATES * stream.every_s, 60) * 1000;
  return { value: (row[3] & UNFIT) === 0 ? row[1] : null, at: row[2], stale };
}

/** The level a value stands in: 0 normal, else that of the highest band reached. */
export function levelOf(value: number | null, stream: Stream | undefined): number {
  if (value === null) return 0;
  return Math.max(0, ...(stream?.bands ?? []).filter((band) => value >= band.value).map((band) => band.level));
}

/** Level 1–3 as the wall's priorities: shape, letter and colour are the same everywhere. */
export function toneOf(level: number): Priority | null {
  return level >= 3 ? "P1" : level === 2 ? "P2" : level === 1 ? "P3" : null;
}

/** How far along a bar that shows `most` a value is, 0–1. */
export function share(value: number | null, most: number): number {
  return value === null || most <= 0 ? 0 : Math.min(1, Math.max(0, value / most));
}

/** A bar's end: a quarter above the highest band, and never below the value itself. */
export function scaleOf(stream: Stream | undefined, ...values: (number | null | undefined)[]): number {
  const bands = (stream?.bands ?? []).map((band) => band.value);
  return Math.max(1, Math.max(0, ...bands) * 1.25, ...values.map((value) => (value ?? 0) * 1.05));
}

/** Siaga 3 is level 1, Siaga 1 is level 3: the figure people know. */
export function siagaFigure(level: number): string {
  return level ? String(4 - Math.min(3, level)) : "";
}

export interface Place {
  gauge: Gauge;
  /** 0: the main river; 1, 2 …: a river that runs into it. */
  lane: number;
  joins: boolean;
}

/** Gauges from the springs to the sea, each in its river's lane; where rivers meet, `joins`. */
export function along(gauges: readonly Gauge[]): Place[] {
  const lower = new Set(gauges.flatMap((gauge) => gauge.above));
  const heads = gauges.filter((gauge) => gauge.above.length === 0 && lower.has(gauge.thing));
  const lane = (gauge: Gauge): number => Math.max(0, heads.indexOf(gauge));
  return gauges.map((gauge) => ({ gauge, lane: lane(gauge), joins: gauge.above.length > 1 }));
}

export interface Burning {
  /** Of the lamps that were counted, 0–100; null: none was. */
  percent: number | null;
  burning: number;
  counted: number;
  lamps: number;
  newest: number | null;
}

export function burning(groups: readonly LightGroup[], readings: Readings, now: number): Burning {
  let [lit, counted, newest] = [0, 0, 0];
  for (const group of groups) {
    const seen = group.stream === null ? null : shown(readings, { id: group.stream, every_s: group.every_s ?? 300 }, now);
    if (!seen || seen.stale || seen.value === null) continue;
    lit += Math.min(seen.value, group.lamps);
    counted += group.lamps;
    newest = Math.max(newest, seen.at ?? 0);
  }
  const lamps = groups.reduce((sum, group) => sum + group.lamps, 0);
  return { percent: counted ? (100 * lit) / counted : null, burning: lit, counted, lamps, newest: newest || null };
}

export interface Filled {
  lot: Lot;
  taken: number | null;
  /** 0–1 */
  share: number | null;
  stale: boolean;
}

/** Car parks, fullest first; those that say nothing last. */
export function filled(lots: readonly Lot[], readings: Readings, now: number): Filled[] {
  const rows = lots.map((lot) => {
    const seen = shown(readings, lot.stream === null ? null : { id: lot.stream, every_s: lot.every_s ?? 60 }, now);
    const known = seen.value !== null && !seen.stale && lot.capacity > 0;
    return { lot, taken: seen.value, share: known ? Math.min(1, (seen.value ?? 0) / lot.capacity) : null, stale: seen.stale };
  });
  return rows.sort((a, b) => (b.share ?? -1) - (a.share ?? -1) || a.lot.name.localeCompare(b.lot.name));
}

/** Hours from now, signed; null without a moment. */
export function hoursTo(iso: string | null | undefined, now: number): number | null {
  return iso ? (Date.parse(iso) - now) / 3_600_000 : null;
}

export function worstOf(conditions: readonly Condition[] | undefined, thing: number, ...codes: string[]): Condition | undefined {
  return conditions?.find((one) => one.thing === thing && (!codes.length || codes.includes(one.code)));
}

/** Five classes of ISPU or four of the Pollution Index, as a level of attention: 0 none … 3. */
export function attention(station: Station): number {
  return station.index?.value == null ? 0 : station.index.level;
}

type Shown4 = Partial<Pick<Views, "water" | "air" | "lights" | "parking">>;

/** What sensors put on the map: everything of the scene's own kind, and elsewhere only what is abnormal. */
export function marksOf(scene: SceneName, views: Shown4, readings: Readings, now: number): SensorMark[] {
  return [
    ...waterMarks(views.water, scene === "water", readings, now),
    ...airMarks(views.air, scene === "air"),
    ...streetMarks(views, scene === "street", readings, now),
  ];
}

function waterMarks(water: Water | undefined, all: boolean, readings: Readings, now: number): SensorMark[] {
  return (water?.gauges ?? []).flatMap((gauge): SensorMark[] => {
    if (gauge.lon === null || gauge.lat === null) return [];
    const siaga = worstOf(water?.conditions, gauge.thing, "siaga");
    const level = siaga?.level ?? 0;
    const seen = shown(readings, gauge.streams["level"], now);
    if (!all && !level) return [];
    const words = all ? `${shortName(gauge.name)}${seen.value === null ? "" : `  ${Math.round(seen.value)}`}` : "";
    return [{ id: `w${gauge.thing}`, lon: gauge.lon, lat: gauge.lat, tone: toneOf(level), letter: level ? siagaFigure(level) : "~", words, stale: seen.stale }];
  });
}

function airMarks(air: Air | undefined, all: boolean): SensorMark[] {
  const rows = [...(air?.stations ?? []), ...(all ? (air?.rivers ?? []) : [])];
  return rows.flatMap((station): SensorMark[] => {
    const level = attention(station);
    if (station.lon === null || station.lat === null || (!all && !level)) return [];
    const value = station.index?.value ?? null;
    const words = all ? `${shortName(station.name)}${value === null ? "" : `  ${Math.round(value)}`}` : "";
    return [{ id: `a${station.thing}`, lon: station.lon, lat: station.lat, tone: toneOf(level), letter: station.purpose === "air" ? "U" : "~", words, stale: value === null }];
  });
}

function streetMarks(views: Shown4, all: boolean, readings: Readings, now: number): SensorMark[] {
  const groups = new Map((views.lights?.groups ?? []).map((group) => [group.thing, group]));
  const lamps = (views.lights?.conditions ?? []).flatMap((one): SensorMark[] => {
    const group = one.thing === null ? undefined : groups.get(one.thing);
    if (!group || group.lon === null || group.lat === null || (!all && one.code !== "feeder")) return [];
    return [{ id: `l${one.condition}`, lon: group.lon, lat: group.lat, tone: one.code === "feeder" ? (one.level > 1 ? "P2" : "P3") : "P3", letter: "L", words: all && one.code === "feeder" ? group.feeder : "", stale: false }];
  });
  if (!all) return lamps;
  const lots = filled(views.parking?.lots ?? [], readings, now).flatMap(({ lot, share: full, stale }): SensorMark[] =>
    lot.lon === null || lot.lat === null ? [] : [{ id: `p${lot.thing}`, lon: lot.lon, lat: lot.lat, tone: (full ?? 0) >= 0.95 ? "P3" : null, letter: "P", words: full === null ? "" : `${Math.round(full * 100)} %`, stale }],
  );
  return [...lots, ...lamps];
}

/** The last part of a station's name: "Kali Bekasi – Pekayon Jaya" is "Pekayon Jaya" on the map. */
export function shortName(name: string): string {
  const parts = name.split(" – ");
  return (parts[0] ?? "").length <= 4 ? (parts[0] ?? name) : (parts[parts.length - 1] ?? name);
}
