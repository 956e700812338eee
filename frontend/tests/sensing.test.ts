import { expect, it } from "vitest";
import { Board } from "../src/wall/board.svelte";
import { along, burning, filled, levelOf, marksOf, scaleOf, shortName, shown, siagaFigure, toneOf, type Readings } from "../src/wall/sensing";
import type { Gauge, LightGroup, Lot, Reading, Stream } from "../src/wall/types";

const NOW = 1_795_230_000_000;
const LEVELS = [
  { name: "Siaga 3", level: 1, value: 351 },
  { name: "Siaga 2", level: 2, value: 451 },
  { name: "Siaga 1", level: 3, value: 551 },
];
const stream: Stream = { id: 7, unit: "cm", bands: LEVELS, every_s: 60, calibrated_until: null };
const said = (...rows: Reading[]): Readings => new Map(rows.map((row) => [row[0], row]));

function gauge(thing: number, name: string, above: number[]): Gauge {
  return { thing, name, purpose: "water_level", agency_name: "BPBD", details: {}, lon: 107, lat: -6.2, streams: { level: { ...stream, id: thing } }, simulated: false, above, forecast: null };
}

it("says a reading is old after three missed updates, and shows no unfit value", () => {
  expect(shown(said([7, 240, NOW - 100_000, 0]), stream, NOW)).toEqual({ value: 240, at: NOW - 100_000, stale: false });
  expect(shown(said([7, 240, NOW - 181_000, 0]), stream, NOW).stale).toBe(true);
  expect(shown(said([7, 9000, NOW, 8]), stream, NOW).value).toBeNull();
  expect(shown(said([7, 240, NOW, 256]), stream, NOW).value).toBe(240);
  expect(shown(said(), stream, NOW)).toEqual({ value: null, at: null, stale: true });
});

it("gives a level the shape and figure that people know", () => {
  expect([350, 351, 450, 451, 551].map((value) => levelOf(value, stream))).toEqual([0, 1, 1, 2, 3]);
  expect([0, 1, 2, 3].map(toneOf)).toEqual([null, "P3", "P2", "P1"]);
  expect([0, 1, 2, 3].map(siagaFigure)).toEqual(["", "3", "2", "1"]);
  expect(scaleOf(stream, 240)).toBeCloseTo(688.75);
  expect(scaleOf(stream, 875)).toBeGreaterThan(875);
});

it("lays side rivers beside the main one until they meet", () => {
  const rows = along([gauge(1, "a", []), gauge(2, "b", []), gauge(3, "c", [1, 2]), gauge(4, "d", [3])]);
  expect(rows.map((row) => row.lane)).toEqual([0, 1, 0, 0]);
  expect(rows.map((row) => row.joins)).toEqual([false, false, true, false]);
});

it("counts only lamps that were heard", () => {
  const group = (thing: number, lamps: number): LightGroup => ({ thing, name: "x", lon: 1, lat: 1, stream: thing, every_s: 300, lamps, feeder: "F", simulated: false });
  const found = burning([group(1, 100), group(2, 100), group(3, 50)], said([1, 90, NOW, 0], [2, 0, NOW - 7_200_000, 0], [3, 60, NOW, 0]), NOW);
  expect([found.percent, found.counted, found.lamps]).toEqual([(100 * 140) / 150, 150, 250]);
  expect(burning([], said(), NOW).percent).toBeNull();
});

it("names the fullest car park first and the silent ones last", () => {
  const lot = (thing: number): Lot => ({ thing, name: `P${thing}`, lon: 1, lat: 1, stream: thing, every_s: 60, capacity: 100, simulated: false });
  const rows = filled([lot(1), lot(2), lot(3)], said([1, 20, NOW, 0], [3, 130, NOW, 0]), NOW);
  expect(rows.map((row) => [row.lot.thing, row.share])).toEqual([[3, 1], [1, 0.2], [2, null]]);
});

it("puts a scene's own sensors on the map, and of others only what is abnormal", () => {
  const gauges = [gauge(1, "Kali Bekasi – Pekayon Jaya", []), gauge(2, "P2C – pertemuan", [1])];
  const siaga = { condition: "siaga:2", code: "siaga", level: 2, label: "Siaga 2", priority: "medium" as const, thing: 2, name: "P2C", value: 460, at: "", simulated: false };
  const views = { water: { gauges, rain: [], conditions: [siaga] } };
  const readings = said([1, 240, NOW, 0], [2, 460, NOW, 0]);
  expect(marksOf("water", views, readings, NOW).map((mark) => [mark.words, mark.tone, mark.letter])).toEqual([["Pekayon Jaya  240", null, "~"], ["P2C  460", "P2", "2"]]);
  expect(marksOf("city", views, readings, NOW).map((mark) => mark.id)).toEqual(["w2"]);
  expect(shortName("Bendung Bekasi")).toBe("Bendung Bekasi");
});

it("keeps what sensors said, and how it moved within the hour", () => {
  const board = new Board();
  board.receive("readings", [[7, 200, NOW - 1_800_000, 0]]);
  expect(board.trend(7)).toBeNull();
  board.receive("readings", [[7, 230, NOW, 0]]);
  expect(board.readings.get(7)?.[1]).toBe(230);
  expect(board.trend(7)).toBeCloseTo(60);
});
