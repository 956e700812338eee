/**
 * What the server sends the wall and the console over `GET /wall/stream`. The server's side: `patriot/wall/board.py`.
 * Times are ISO 8601 with zone, durations seconds, positions WGS 84 degrees, money whole rupiah.
 */

export type State = "received" | "coordinated" | "in_progress" | "resolved" | "closed" | "rejected";
export type Priority = "P1" | "P2" | "P3";

/** A row of the keyed panel `map`; its key is the incident's id as text. Closed and rejected incidents leave it. */
export interface MapIncident {
  id: number;
  number: string;
  title: string;
  category: string;
  icon: string;
  state: State;
  priority: Priority;
  lon: number;
  lat: number;
  agency: string;
  agency_name: string;
  /** Words for the place: street or landmark, kelurahan. */
  area: string;
  opened_at: string;
  resolve_due: string | null;
  photo?: string | null;
  simulated: boolean;
}

/** A row of the keyed panel `units`; its key is the vehicle's id as text: positions name the same id. */
export interface Unit {
  id: number;
  callsign: string;
  kind: string;
  agency: string;
  agency_name?: string;
  state: "free" | "assigned" | "off";
  incident?: number | null;
  simulated: boolean;
}

/** Panel `newest`: at most 7, newest first. */
export interface NewReport {
  incident: number;
  number: string;
  title: string;
  place: string;
  agency_name: string;
  state: State;
  priority: Priority;
  at: string;
  photo: string | null;
  supporters: number;
  simulated: boolean;
}

/** Panel `working`: at most 7; what a crew is busy with, most urgent first. */
export interface Working {
  incident: number;
  number: string;
  title: string;
  place: string;
  priority: Priority;
  owner: string;
  callsign: string;
  /** Names, or a number of people. */
  crew: string;
  state: "assigned" | "accepted" | "en_route" | "on_scene" | "finished";
  /** When the first report came in. */
  since: string;
  photo: string | null;
  /** Seconds of road from the assignment's moment; null when nobody knows. */
  eta_s: number | null;
  assigned_at: string;
  lon: number;
  lat: number;
  simulated: boolean;
}

/** Panel `today`: since midnight, Jakarta time. At most 7 agencies and 12 kecamatan, most open first. */
export interface Today {
  received: number;
  closed: number;
  /** Solved, and waiting for the citizen to say so. */
  unconfirmed: number;
  /** Open now, whenever they came in. */
  open: number;
  late: number;
  by_agency: Share[];
  by_kecamatan: Share[];
}

export interface Share {
  code: string;
  name: string;
  received: number;
  closed: number;
  /** Solved, and waiting for the citizen to say so. */
  unconfirmed: number;
  open: number;
  late: number;
}

/** Panel `deadlines`: at most 7, broken ones and those that break next, earliest first. */
export interface Deadline {
  incident: number;
  number: string;
  title: string;
  place: string;
  agency: string;
  agency_name: string;
  priority: Priority;
  state: State;
  due: string;
  stage: "first_response" | "resolve";
  simulated: boolean;
}

/** Panel `hour`: the ledger's events of the last 60 minutes, oldest first. */
export interface Tick {
  /** The ledger's number: unique, rising. */
  n: number;
  at: string;
  /** The event's kind, such as `report.received`. */
  kind: string;
  priority: Priority | null;
  number: string;
  /** The incident's title or the unit's call sign: what it was about. */
  words: string;
  simulated: boolean;
}

export interface Views {
  newest: NewReport[];
  working: Working[];
  today: Today;
  deadlines: Deadline[];
  hour: Tick[];
}

export interface Keyed {
  map: Record<string, MapIncident>;
  units: Record<string, Unit>;
}

export type ViewName = keyof Views;
export type KeyedName = keyof Keyed;
export type PanelName = ViewName | KeyedName;

/** [vehicle id, lon, lat, heading in degrees or null, km/h or null, epoch in milliseconds] */
export type Position = [number, number, number, number | null, number | null, number];

interface Aged {
  /** What feeds the panel, in words. */
  source: string;
  /** When the server last knew this to be true. */
  as_of: string;
  stale_after_s: number;
}

export interface SnapshotPanel extends Aged {
  view?: unknown;
  rows?: Record<string, unknown>;
}

/** `event: snapshot`, the first message of every connection. */
export interface Snapshot {
  /** The ledger's number this picture stands at. */
  number: number;
  now: string;
  panels: Partial<Record<PanelName, SnapshotPanel>>;
  positions?: Position[];
  health?: Health;
  scene?: Scene;
}

/** `event: panel`: a whole view, or the changes of a keyed panel. An `as_of` alone says: still true. */
export interface PanelMessage {
  name: PanelName;
  as_of: string;
  view?: unknown;
  set?: Record<string, unknown>;
  unset?: string[];
}

export type Part = "web" | "worker" | "intake" | "nats" | "postgres" | "simulate";

/** `event: health`, at least every 5 s: also the stream's heartbeat. `since` names when a part went away. */
export interface Health {
  parts: Partial<Record<Part, { ok: boolean; since?: string | null; words?: string }>>;
  /** Panels that did not change and are still true at this moment: keeps them from growing stale. */
  as_of?: Partial<Record<PanelName, string>>;
}

/** `event: scene`: what the console pinned; `pinned: false` lets the scenes go round. */
export interface Scene {
  scene: SceneName | null;
  pinned: boolean;
  incident?: number | null;
}

export type SceneName = "city" | "now" | "results" | "deadlines";

/** `<script type="application/json" id="wall-config">` in wall.html. */
export interface WallConfig {
  city: string;
  stream: string;
  map: string;
  /** With `0` where the incident's id goes. */
  incident: string;
  language: "id" | "en";
  simulated: boolean;
}
