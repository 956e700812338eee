import { expect, test } from "vitest";
import { bands, extent, figure, flagWords, nearest, type Chart, type Level } from "../src/station/data";

const level = (value: number, below = false): Level => ({ name: `L${value}`, value, below, priority: "P2" });
const chart = (mean: (number | null)[]): Chart => ({ at: mean.map((_, n) => n), mean, marks: [], step: null, since: 0, until: 9 });

test("it shows the whole line and the threshold it comes near to", () => {
  const [low, high] = extent(chart([100, 180, null, 140]), [level(200), level(5000)]);
  expect(low).toBeLessThan(100);
  expect(high).toBeGreaterThan(200);
  expect(high).toBeLessThan(300);
  expect(extent(chart([]), [])).toEqual([0, 1]);
  expect(extent(chart([0, 1]), [])[0]).toBe(0);
});

test("it makes bands up to the next threshold", () => {
  expect(bands([level(300), level(200), level(5, true)]).map(([from, to]) => [from, to])).toEqual([
    [200, 300],
    [300, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, 5],
  ]);
});

test("it names the flags that are set", () => {
  expect(flagWords(40, { "8": "range", "32": "spike", "64": "stuck" })).toEqual(["range", "spike"]);
});

test("it finds the mark under the pointer", () => {
  expect(nearest([[10, 1, 8], [20, 2, 8]], 18, 5)).toBe(1);
  expect(nearest([[10, 1, 8]], 18, 5)).toBe(-1);
});

test("it writes figures as the page's language does", () => {
  expect(figure(12.345, "id")).toBe("12,3");
  expect(figure(12.345, "en")).toBe("12.3");
  expect(figure(null, "id")).toBe("–");
});
