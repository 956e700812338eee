import { expect, it } from "vitest";
import { Board } from "../src/wall/board.svelte";
import type { Snapshot } from "../src/wall/types";

const row = { id: 1, number: "261121-AAAAA", title: "Jalan berlubang", priority: "P2", state: "received", simulated: false };

function snapshot(): Snapshot {
  const now = new Date().toISOString();
  const aged = { source: "laporan", as_of: now, stale_after_s: 15 };
  return { number: 9, now, panels: { map: { ...aged, rows: { "1": row } }, newest: { ...aged, view: [] } } };
}

it("shows the snapshot, then every change to it", () => {
  const board = new Board();
  board.receive("snapshot", snapshot());
  board.receive("panel", { name: "map", as_of: new Date().toISOString(), set: { "2": { ...row, id: 2 }, "1": { ...row, state: "closed" } } });
  expect([...board.map.keys()]).toEqual(["1", "2"]);
  expect(board.map.get("1")?.state).toBe("closed");
  board.receive("panel", { name: "map", as_of: new Date().toISOString(), unset: ["1"] });
  expect([...board.map.keys()]).toEqual(["2"]);
});

it("starts anew from a second snapshot", () => {
  const board = new Board();
  board.receive("snapshot", snapshot());
  board.receive("panel", { name: "newest", as_of: new Date().toISOString(), view: [{ number: "x" }] });
  board.receive("snapshot", snapshot());
  expect(board.views.newest).toEqual([]);
});

it("says stale when nobody vouched for a panel in time, and not before", () => {
  const board = new Board();
  board.receive("snapshot", snapshot());
  expect(board.isStale("newest")).toBe(false);
  board.now += 16_000;
  expect(board.isStale("newest")).toBe(true);
  board.receive("health", { parts: {}, as_of: { newest: new Date(board.now).toISOString() } });
  expect(board.isStale("newest")).toBe(false);
  expect(board.isStale("map")).toBe(true);
  board.link = "lost";
  expect(board.isStale("newest")).toBe(true);
});

it("labels the picture simulated when anything in it is", () => {
  const board = new Board();
  board.receive("snapshot", snapshot());
  expect(board.simulated).toBe(false);
  board.receive("panel", { name: "units", as_of: new Date().toISOString(), set: { "7": { id: 7, simulated: true } } });
  expect(board.simulated).toBe(true);
});

it("hands positions on, the known ones at once to whoever comes later", () => {
  const board = new Board();
  const heard: number[] = [];
  board.receive("positions", [[7, 107, -6.2, 90, 30, 1]]);
  board.onPositions((positions) => heard.push(...positions.map(([id]) => id)));
  board.receive("positions", [[8, 107, -6.2, null, null, 2]]);
  expect(heard).toEqual([7, 8]);
});
