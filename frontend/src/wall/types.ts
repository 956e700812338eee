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

/** Panel `warnings`: what the public should heed, the city's own first, the gravest first. `source`: "" is the city. */
export interface PublicWarning {
  warning: number;
  identifier: string;
  step: "alert" | "update" | "cancel" | "all_clear";
  status: "Actual" | "Exercise" | "Test" | string;
  event_id: string;
  event_en: string;
  headline_id: string;
  headline_en: string;
  places: string;
  severity: string;
  urgency: string;
  sent: string;
  expires: string | null;
  geometry: GeoJSON.Geometry | null;
  source: string;
  simulated: boolean;
}

/** [datastream id, value or null, moment of the reading: epoch in ms, flags] */
export type Reading = [number, number | null, number, number];

/** A datastream as panels name it; what it says comes in `readings`. */
export interface Stream {
  id: number;
  unit: string;
  /** Levels in force today, mildest first; `value`: where it begins. */
  bands: Band[];
  /** How often it speaks, seconds. */
  every_s: number;
  calibrated_until: string | null;
}

export interface Band {
  name: string;
  /** 1 is the mildest. */
  level: number;
  value: number;
}

/** What is abnormal about a thing now, worst first. */
export interface Condition {
  condition: string;
  code: string;
  level: number;
  label: string;
  priority: "low" | "medium" | "high";
  thing: number | null;
  name: string;
  value: number | null;
  at: string;
  simulated: boolean;
}

export interface Sensed {
  thing: number;
  name: string;
  purpose: string;
  agency_name: string;
  details: Record<string, string>;
  lon: number | null;
  lat: number | null;
  streams: Record<string, Stream>;
  simulated: boolean;
}

/** What is expected of a gauge. Levels in cm, 9 cases in 10 between `low` and `high`. */
export interface Forecast {
  method: "learned" | "rule_of_thumb";
  /** `steady`: no rise within `ahead_h`; `unknown`: readings of a gauge above are missing. */
  state: "rising" | "steady" | "unknown";
  now: number | null;
  /** null: only the hour is known. */
  value: number | null;
  low: number | null;
  high: number | null;
  peak_at: string | null;
  peak_from: string | null;
  peak_to: string | null;
  level: number;
  label: string;
  /** Errors at waves the model had not seen, and how often its interval held. */
  mae_cm: number | null;
  mae_hours: number | null;
  coverage: number | null;
  waves: number;
  days: number;
  ahead_h: number;
  at: string;
  /** Why the gauge's own level is not believed: then only hours are told, from the gauges above. */
  doubt: "" | "drift";
}

export interface Gauge extends Sensed {
  /** The gauges right above it. */
  above: number[];
  forecast: Forecast | null;
}

/** Panel `water`: gauges in the order of the river. */
export interface Water {
  gauges: Gauge[];
  rain: Sensed[];
  conditions: Condition[];
}

export interface Station extends Sensed {
  /** `value` null: too little to say; `reason`: why. `critical`: what makes it. */
  index: { value: number | null; label: string; critical: string; reason: string; level: number; at: string } | null;
  /** What to plant there against the critical pollutant, on 100 m, and how sure that is. */
  trees?: { trees: number; strength: "measured" | "indirect"; picks: { name: string; trees: number; quantity: string; value: number; unit: string; source: string }[] } | null;
}

/** Panel `air`: ISPU by station, the Pollution Index by river station. */
export interface Air {
  stations: Station[];
  rivers: Station[];
  conditions: Condition[];
}

export interface LightGroup {
  thing: number;
  name: string;
  lon: number | null;
  lat: number | null;
  stream: number | null;
  every_s: number | null;
  lamps: number;
  feeder: string;
  simulated: boolean;
}

export interface Lot {
  thing: number;
  name: string;
  lon: number | null;
  lat: number | null;
  stream: number | null;
  every_s: number | null;
  capacity: number;
  simulated: boolean;
}

export type AlarmPriority = "high" | "medium" | "low";

/** An alarm that nobody has acknowledged. `level` 0: it is over, but nobody has looked; `consequences`: how many follow from it. */
export interface AlarmCard {
  alarm: number;
  consequences: number;
  code: string;
  state: string;
  level: number;
  label: string;
  priority: AlarmPriority;
  name: string;
  value: number | null;
  unit: string;
  agency_name: string;
  lon: number | null;
  lat: number | null;
  at: string;
  changed_at: string; // when the condition came to its level: of `value`
  incident: number | null;
  incident_number: string;
  simulated: boolean;
}

/** An alarm on the map. `calls`: nobody has acknowledged it. */
export interface AlarmMark {
  alarm: number;
  thing: number | null;
  name: string;
  label: string;
  priority: AlarmPriority;
  lon: number;
  lat: number;
  calls: boolean;
  simulated: boolean;
}

/** Panel `alarms`: counts by priority, the most urgent and newest of those that call, marks of all that are shown. */
export interface AlarmsView {
  unacknowledged: Record<AlarmPriority, number>;
  active: Record<AlarmPriority, number>;
  hidden: number;
  top: AlarmCard[];
  marks: AlarmMark[];
}

export interface Views {
  alarms: AlarmsView;
  water: Water;
  air: Air;
  /** `dark`: lamps must burn (true), be off (false), or may do either. */
  lights: { groups: LightGroup[]; conditions: Condition[]; dark: boolean | null };
  parking: { lots: Lot[]; conditions: Condition[] };
  warnings: PublicWarning[];
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
  readings?: Reading[];
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

export type SceneName = "city" | "now" | "water" | "air" | "street" | "results" | "deadlines";

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
