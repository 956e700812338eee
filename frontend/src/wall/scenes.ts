/** Which scene is on, and which part of the wall this screen shows. Pure. */
import type { MapIncident, Scene, SceneName } from "./types";

export const SCENES: readonly SceneName[] = ["city", "now", "water", "air", "street", "results", "deadlines"];
export const SCENE_S = 30;

/** The scene at `now` (ms): the pinned one, else in turn by the clock, so that several screens turn together. */
export function sceneAt(now: number, pinned: Scene): SceneName {
  if (pinned.pinned && pinned.scene) return pinned.scene;
  return SCENES[Math.floor(now / 1000 / SCENE_S) % SCENES.length] ?? "city";
}

export const FOLLOW_S = 10;

/** The work that the scene "now" follows at `now` (ms): each in its turn. */
export function followedAt<Work>(scene: SceneName, work: readonly Work[], now: number): Work | null {
  return (scene === "now" && work[Math.floor(now / 1000 / FOLLOW_S) % work.length]) || null;
}

/** Incidents that no crew has taken yet, most urgent and then oldest first. */
export function waitingOf(rows: Iterable<MapIncident>, most: number): MapIncident[] {
  const waiting = [...rows].filter((row) => row.state === "received" || row.state === "coordinated");
  const order = (a: MapIncident, b: MapIncident): number => a.priority.localeCompare(b.priority) || a.opened_at.localeCompare(b.opened_at);
  return waiting.sort(order).slice(0, most);
}

// Heights in rem: a panel's head, its last line, a card with a picture, a line, a heading between them, a report.
const [HEAD, MORE, CARD, LINE, HEADING, REPORT] = [3.75, 2.25, 10.5, 4.5, 3.75, 6.5];
const [CARDS, JOBS] = [3, 7]; // at most

/** How `count` jobs stand in a panel so `high`: the first with pictures; below them so many may wait. */
export function jobsIn(high: number, count: number): { cards: number; jobs: number; waiting: number } {
  const room = high - HEAD - MORE;
  const few = Math.min(count, JOBS);
  const spread = Math.floor((room - few * LINE) / (CARD - LINE));
  const cards = Math.min(few, CARDS, Math.max(room < CARD ? 0 : 1, spread));
  const jobs = Math.min(few, cards + Math.max(0, Math.floor((room - cards * CARD) / LINE)));
  const left = room + MORE - cards * CARD - (jobs - cards) * LINE - HEADING;
  return { cards, jobs, waiting: count < 4 ? Math.min(JOBS - jobs, Math.max(0, Math.floor(left / LINE))) : 0 };
}

/** How many of the newest reports stand in a panel so `high`. */
export function reportsIn(high: number): number {
  return Math.min(5, Math.max(1, Math.floor((high - HEAD) / REPORT)));
}

export type Part = "map" | "rail" | "sheets";

/** What this screen shows: `?screen=1/2` the map, `2/2` the panels; `1/3` map, `2/3` work and news, `3/3` figures; of four
 * the last shows sensors, on fewer they take turns with the results. */
export function partsOf(screen: string | null): { parts: Set<Part>; panels: Set<SceneName | "work"> } {
  const [number, of] = (screen ?? "").split("/").map(Number);
  if (of === 2 && number === 1) return { parts: new Set(["map"]), panels: new Set() };
  if (of === 2 && number === 2) return { parts: new Set(["sheets"]), panels: new Set(["work", "city", "results", "deadlines"]) };
  if (of === 3 && number === 1) return { parts: new Set(["map"]), panels: new Set() };
  if (of === 3 && number === 2) return { parts: new Set(["sheets"]), panels: new Set(["work", "city"]) };
  if (of === 3 && number === 3) return { parts: new Set(["sheets"]), panels: new Set(["results", "deadlines"]) };
  if (of === 4 && number === 1) return { parts: new Set(["map"]), panels: new Set() };
  if (of === 4 && number === 2) return { parts: new Set(["sheets"]), panels: new Set(["work", "city"]) };
  if (of === 4 && number === 3) return { parts: new Set(["sheets"]), panels: new Set(["results", "deadlines"]) };
  if (of === 4 && number === 4) return { parts: new Set(["sheets"]), panels: new Set(["water", "air", "street"]) };
  return { parts: new Set(["map", "rail", "sheets"]), panels: new Set(SCENES) };
}
