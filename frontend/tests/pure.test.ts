import { describe, expect, it } from "vitest";
import { collect } from "../messages";
import { emptyFilter, passes, unitPasses } from "../src/console/filter";
import { concerns } from "../src/lib/live";
import { backoff } from "../src/lib/stream";
import { ageOf, clock, duration } from "../src/lib/time";
import { path, projection } from "../src/map/flat";
import { bounds, middle, nameplates } from "../src/map/layers";
import { freshness, metres, move, nearestAngle, place } from "../src/map/motion";
import { markName } from "../src/map/marks";
import { isSoftware } from "../src/map/webgl";
import { followedAt, jobsIn, partsOf, reportsIn, sceneAt, waitingOf } from "../src/wall/scenes";
import type { MapIncident } from "../src/wall/types";

const square: GeoJSON.Feature = { type: "Feature", properties: { name: "A" }, geometry: { type: "Polygon", coordinates: [[[106, -6], [107, -6], [107, -7], [106, -7], [106, -6]]] } };

describe("times", () => {
  it("tells Jakarta's time whatever the screen's zone", () => expect(clock(Date.UTC(2016, 10, 30, 2, 5, 9))).toBe("09.05.09"));
  it("names a duration in units that matter", () => {
    expect([8, 60, 3599, 3900, 86_400, 400_000].map(duration)).toEqual(["8 s", "1 min", "59 min", "1 h 05 min", "1 day", "4 days"]);
    expect(duration(-5)).toBe("0 s");
  });
  it("counts no age for what has no time", () => {
    expect(ageOf(null, 1000)).toBe(0);
    expect(ageOf("1970-01-01T00:00:00Z", 5000)).toBe(5);
  });
});

describe("the stream", () => {
  it("waits longer after each failure, never more than five seconds", () => {
    expect([1, 2, 3, 4, 5, 9].map((attempt) => backoff(attempt, 0))).toEqual([1000, 2000, 4000, 5000, 5000, 5000]);
    expect(backoff(1, 1)).toBe(800);
  });
});

describe("a vehicle", () => {
  const fix = (lon: number, fixed: number, heading: number | null = 90) => ({ id: 1, where: [lon, -6.2] as const, heading, fixed });
  it("glides from where it is seen to where it was fixed", () => {
    const first = move(undefined, fix(107, 0), 0, true);
    const second = move(first, fix(107.001, 1000), 1, true);
    expect(place(second, 1)).toEqual([107, -6.2]);
    expect(place(second, 1.5)[0]).toBeCloseTo(107.0005);
    expect(place(second, 9)).toEqual([107.001, -6.2]);
  });
  it("jumps on software rendering and after a long way", () => {
    const first = move(undefined, fix(107, 0), 0, true);
    expect(place(move(first, fix(107.001, 1), 1, false), 1)[0]).toBe(107.001);
    expect(place(move(first, fix(107.1, 1), 1, true), 1)[0]).toBe(107.1);
  });
  it("does not go back to an older fix", () => {
    const track = move(move(undefined, fix(107, 5000), 0, true), fix(106.9, 4000), 1, true);
    expect(track.to[0]).toBe(107);
  });
  it("arrives within two seconds however rarely fixes come", () => {
    const track = move(move(undefined, fix(107, 0), 0, true), fix(107.001, 30_000), 30, true);
    expect(track.ends).toBe(32);
  });
  it("turns the short way", () => {
    expect(nearestAngle(350, 10)).toBe(370);
    expect(nearestAngle(10, 350)).toBe(-10);
  });
  it("leaves a trail that fades", () => {
    let track = move(undefined, fix(107, 0), 0, true);
    for (let second = 1; second < 400; second += 1) track = move(track, fix(107 + second / 10_000, second * 1000), second, true);
    expect(track.trail.length).toBeLessThanOrEqual(40);
    expect(freshness(0, 90)).toBeCloseTo(0.5);
    expect(freshness(0, 500)).toBe(0);
  });
  it("measures metres", () => expect(metres([107, -6.2], [107.01, -6.2])).toBeCloseTo(1106.7, 0));
});

describe("the map", () => {
  it("finds the box around features and the middle of an area", () => {
    expect(bounds([square])).toEqual([106, -7, 107, -6]);
    expect(bounds([])).toBeNull();
    expect(middle(square.geometry)?.map((degrees) => degrees.toFixed(6))).toEqual(["106.500000", "-6.500000"]);
    expect(nameplates({ type: "FeatureCollection", features: [square] }).features).toHaveLength(1);
  });
  it("draws a flat picture of it", () => {
    const p = projection([106, -7, 107, -6]);
    expect(path(square, p)).toMatch(/^M0\.0 0\.0L1000\.0 0\.0/);
  });
  it("marks by priority and by whether somebody works on it", () => {
    expect([markName("P1", "received"), markName("P2", "in_progress"), markName("P3", "resolved")]).toEqual(["P1-open", "P2-busy", "P3-done"]);
  });
  it("knows software renderers", () => {
    expect(isSoftware("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)))")).toBe(true);
    expect(isSoftware("llvmpipe (LLVM 15.0.6, 256 bits)")).toBe(true);
    expect(isSoftware("ANGLE (Intel, Mesa Intel(R) UHD Graphics 630)")).toBe(false);
  });
});

describe("scenes", () => {
  it("work fits into its panel: pictures first, then lines, what waits below", () => {
    expect(jobsIn(Infinity, 12)).toEqual({ cards: 3, jobs: 7, waiting: 0 });
    expect(jobsIn(Infinity, 2)).toEqual({ cards: 2, jobs: 2, waiting: 5 });
    expect(jobsIn(52, 12)).toEqual({ cards: 2, jobs: 7, waiting: 0 });
    expect(jobsIn(34, 12)).toEqual({ cards: 1, jobs: 4, waiting: 0 });
    expect(jobsIn(34, 0)).toEqual({ cards: 0, jobs: 0, waiting: 5 });
    expect(jobsIn(0, 12)).toEqual({ cards: 0, jobs: 0, waiting: 0 });
    for (let high = 0; high < 80; high += 0.5)
      for (let count = 0; count < 12; count += 1) {
        const { cards, jobs, waiting } = jobsIn(high, count);
        const taken = 3.75 + cards * 10.5 + (jobs - cards) * 4.5 + (jobs < count ? 2.25 : 0) + (waiting ? 3.75 + waiting * 4.5 : 0);
        expect(cards).toBeLessThanOrEqual(jobs);
        if (jobs + waiting) expect(taken).toBeLessThanOrEqual(high);
      }
  });

  it("reports fit above the legend, at least one", () => {
    expect([Infinity, 37, 30, 0].map(reportsIn)).toEqual([5, 5, 4, 1]);
  });

  it("go round by the clock, the same on every screen, unless pinned", () => {
    expect([0, 30, 60, 90, 120, 150, 180, 210].map((s) => sceneAt(s * 1000, { scene: null, pinned: false }))).toEqual(["city", "now", "water", "air", "street", "results", "deadlines", "city"]);
    expect(sceneAt(0, { scene: "results", pinned: true })).toBe("results");
  });
  it("follow each crew in its turn", () => {
    expect(followedAt("now", ["a", "b"], 10_000)).toBe("b");
    expect(followedAt("now", [], 10_000)).toBeNull();
    expect(followedAt("city", ["a"], 0)).toBeNull();
  });
  it("put what nobody has taken yet in order of urgency, then of age", () => {
    const rows = [
      { id: 1, priority: "P3", state: "received", opened_at: "2016-11-30T01" },
      { id: 2, priority: "P1", state: "received", opened_at: "2016-11-30T03" },
      { id: 3, priority: "P1", state: "coordinated", opened_at: "2016-11-30T02" },
      { id: 4, priority: "P1", state: "in_progress", opened_at: "2016-11-30T01" },
    ] as MapIncident[];
    expect(waitingOf(rows, 2).map((row) => row.id)).toEqual([3, 2]);
  });
  it("are spread over several screens", () => {
    expect(partsOf(null).parts).toEqual(new Set(["map", "rail", "sheets"]));
    expect(partsOf("1/2").parts).toEqual(new Set(["map"]));
    expect(partsOf("3/3").panels).toEqual(new Set(["results", "deadlines"]));
    expect(partsOf("4/4").panels).toEqual(new Set(["water", "air", "street"]));
  });
});

describe("the console's filter", () => {
  const row = { priority: "P2", state: "received" } as MapIncident;
  it("shows all until told otherwise", () => expect(passes(row, emptyFilter())).toBe(true));
  it("leaves out by priority, state and kind of unit", () => {
    expect(passes(row, { ...emptyFilter(), priorities: ["P1"] })).toBe(false);
    expect(passes(row, { ...emptyFilter(), groups: ["done"] })).toBe(false);
    expect(unitPasses(undefined, { ...emptyFilter(), unit: "truck" })).toBe(false);
    expect(unitPasses(undefined, emptyFilter())).toBe(true);
  });
});

it("tells a part of the page only of what concerns it", () => {
  const news = { kind: "incident.state_changed", body: { number: "A" } };
  expect(concerns("task.opened incident.state_changed", undefined, news)).toBe(true);
  expect(concerns("incident.state_changed", "A", news)).toBe(true);
  expect(concerns("incident.state_changed", "B", news)).toBe(false);
  expect(concerns("task.opened", "A", news)).toBe(false);
});

it("collects every word for the catalogue", () => {
  const found = collect(new URL("../src", import.meta.url).pathname);
  expect(found).toContain("Newest reports");
  expect(found).toContain("{n} min");
});
