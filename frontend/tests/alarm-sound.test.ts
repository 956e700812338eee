import { expect, test } from "vitest";
import { NOTHING, PATTERNS, due, isSilent, parse, stateOf, type Calling, type Wish } from "../src/alarms/sound";

const NOW = 1_800_000_000_000;
const quiet: Calling = { count: 0, highest: "", newest: 0 };
const high: Calling = { count: 2, highest: "high", newest: 1000 };
const low: Calling = { count: 1, highest: "low", newest: 1000 };
const on: Wish = { on: true, silentUntil: 0, silentAt: 0 };
const silenced: Wish = { on: true, silentUntil: NOW + 60_000, silentAt: 1000 };

test("it is off until an operator wants it, and says when the browser holds it back", () => {
  expect(stateOf(NOTHING, high, true, NOW)).toBe("off");
  expect(stateOf(on, high, false, NOW)).toBe("blocked");
  expect(stateOf(on, high, true, NOW)).toBe("on");
});

test("it keeps silent until its end, unless something new and high comes", () => {
  expect(stateOf(silenced, high, true, NOW)).toBe("silent");
  expect(isSilent(silenced, { ...low, newest: 1001 }, NOW)).toBe(true);
  expect(isSilent(silenced, { ...high, newest: 1001 }, NOW)).toBe(false);
  expect(stateOf(silenced, high, true, NOW + 60_000)).toBe("on");
});

test("it repeats each priority at its pace until nothing calls", () => {
  expect(due("on", high, 0, "", NOW)).toBe("high");
  expect(due("on", high, NOW - 3999, "high", NOW)).toBe(null);
  expect(due("on", high, NOW - 4000, "high", NOW)).toBe("high");
  expect(due("on", low, NOW - 1, "high", NOW)).toBe("low");
  expect(due("on", quiet, 0, "", NOW)).toBe(null);
  for (const state of ["off", "blocked", "silent"] as const) expect(due(state, high, 0, "", NOW)).toBe(null);
});

test("its three patterns differ in number, pitch and pace", () => {
  const shapes = Object.values(PATTERNS);
  expect(new Set(shapes.map((one) => one.tones.length)).size).toBe(3);
  expect(new Set(shapes.map((one) => one.every)).size).toBe(3);
  for (const one of shapes) expect(Math.max(...one.tones.map((tone) => tone.at + tone.lasts))).toBeLessThan(one.every / 2);
});

test("it takes a spoiled memory for none", () => {
  for (const text of [null, "", "{", "[]", "null", '{"on":"yes","silentUntil":"x"}']) expect(parse(text)).toEqual(NOTHING);
  expect(parse(JSON.stringify(silenced))).toEqual(silenced);
});
