/** The picture as the server gave it, with its age. Faces read it; only the stream writes it. */
import { listen } from "../lib/stream";
import type { Health, Keyed, KeyedName, MapIncident, PanelMessage, PanelName, Position, Reading, Scene, Snapshot, Unit, ViewName, Views } from "./types";

const EVENTS = ["snapshot", "panel", "positions", "readings", "health", "scene"] as const;

export interface Age {
  source: string;
  /** When the server last knew it, epoch in ms by the server's clock. */
  asOf: number;
  staleAfter: number;
}

const POSITIONS_STALE_MS = 30_000;

function newest(positions: Position[]): number {
  return Math.max(...positions.map((position) => position[5]));
}

type PositionListener = (positions: Position[]) => void;

export class Board {
  link = $state<"connecting" | "live" | "lost">("connecting");
  /** When the link went, by the server's clock. */
  lostSince = $state<number | null>(null);
  /** The server's time, ticking once a second here. */
  now = $state(Date.now());
  views = $state.raw<Partial<Views>>({});
  map = $state.raw<ReadonlyMap<string, MapIncident>>(new Map());
  units = $state.raw<ReadonlyMap<string, Unit>>(new Map());
  ages = $state.raw<Partial<Record<PanelName, Age>>>({});
  health = $state.raw<Health>({ parts: {} });
  /** When positions last came, by the server's clock; null before the first. */
  positionsAt = $state<number | null>(null);
  /** What each datastream said last. */
  readings = $state.raw<ReadonlyMap<number, Reading>>(new Map());
  scene = $state.raw<Scene>({ scene: null, pinned: false });
  simulated = $derived([...this.map.values()].some((row) => row.simulated) || [...this.units.values()].some((row) => row.simulated) || (this.views.water?.gauges ?? []).some((row) => row.simulated));

  #ahead = 0; // the server's clock minus ours, ms
  #listeners = new Set<PositionListener>();
  #latest = new Map<number, Position>();
  #earlier = new Map<number, Reading[]>(); // about one in five minutes of the last hour, while this page is open

  connect(url: string): () => void {
    const tick = setInterval(() => (this.now = Date.now() + this.#ahead), 1000);
    const end = listen(url, EVENTS, {
      message: (name, data) => this.receive(name, data),
      up: () => {
        this.link = "live";
        this.lostSince = null;
      },
      down: () => {
        this.link = "lost";
        this.lostSince ??= Date.now() + this.#ahead;
      },
    });
    return () => {
      clearInterval(tick);
      end();
    };
  }

  receive(name: string, data: unknown): void {
    if (name === "snapshot") this.#replace(data as Snapshot);
    else if (name === "panel") this.#panel(data as PanelMessage);
    else if (name === "positions") this.#positions(data as Position[]);
    else if (name === "readings") this.#read(data as Reading[]);
    else if (name === "scene") this.scene = data as Scene;
    else if (name === "health") this.#health(data as Health);
  }

  /** Hear every batch of positions, the known ones at once. Returns a function that stops it. */
  onPositions(listener: PositionListener): () => void {
    this.#listeners.add(listener);
    if (this.#latest.size) listener([...this.#latest.values()]);
    return () => this.#listeners.delete(listener);
  }

  /** True when the panel's words may no longer be so: too old, or nobody to ask. */
  isStale(name: PanelName): boolean {
    const age = this.ages[name];
    return this.link === "lost" || (age !== undefined && (this.now - age.asOf) / 1000 > age.staleAfter);
  }

  /** True when vehicles may no longer stand where they are shown: nobody takes positions in, or none came for long. */
  get positionsStale(): boolean {
    const silent = this.positionsAt !== null && this.now - this.positionsAt > POSITIONS_STALE_MS;
    return this.link === "lost" || this.health.parts.intake?.ok === false || silent;
  }

  #replace(snapshot: Snapshot): void {
    this.#ahead = Date.parse(snapshot.now) - Date.now() || 0;
    this.now = Date.now() + this.#ahead;
    const views: Record<string, unknown> = {};
    const ages: Partial<Record<PanelName, Age>> = {};
    for (const [name, panel] of Object.entries(snapshot.panels) as [PanelName, NonNullable<Snapshot["panels"][PanelName]>][]) {
      ages[name] = { source: panel.source, asOf: Date.parse(panel.as_of), staleAfter: panel.stale_after_s };
      if (panel.rows) this.#set(name as KeyedName, new Map(Object.entries(panel.rows)));
      else views[name] = panel.view;
    }
    this.views = views;
    this.ages = ages;
    if (snapshot.positions) this.#positions(snapshot.positions, newest(snapshot.positions));
    if (snapshot.readings) this.#read(snapshot.readings);
    if (snapshot.health) this.#health(snapshot.health);
    if (snapshot.scene) this.scene = snapshot.scene;
  }

  #panel(message: PanelMessage): void {
    this.#aged(message.name, message.as_of);
    if (message.view !== undefined) this.views = { ...this.views, [message.name as ViewName]: message.view };
    if (!message.set && !message.unset) return;
    const rows = new Map<string, unknown>(this[message.name as KeyedName]);
    for (const [key, row] of Object.entries(message.set ?? {})) rows.set(key, row);
    for (const key of message.unset ?? []) rows.delete(key);
    this.#set(message.name as KeyedName, rows);
  }

  #set(name: KeyedName, rows: ReadonlyMap<string, unknown>): void {
    if (name === "map") this.map = rows as ReadonlyMap<string, Keyed["map"][string]>;
    else this.units = rows as ReadonlyMap<string, Keyed["units"][string]>;
  }

  #aged(name: PanelName, asOf: string): void {
    const known = this.ages[name];
    if (known) this.ages = { ...this.ages, [name]: { ...known, asOf: Date.parse(asOf) } };
  }

  #health(health: Health): void {
    this.health = health;
    for (const [name, asOf] of Object.entries(health.as_of ?? {})) this.#aged(name as PanelName, asOf);
  }

  /** How much a datastream changed within an hour, by what this page has heard of it; null: too little. */
  trend(stream: number): number | null {
    const [last, first] = [this.readings.get(stream), this.#earlier.get(stream)?.[0]];
    if (!last || !first || last[1] === null || first[1] === null) return null;
    const hours = (last[2] - first[2]) / 3_600_000;
    return hours >= 0.15 ? (last[1] - first[1]) / hours : null;
  }

  #read(readings: Reading[]): void {
    this.readings = new Map([...this.readings, ...readings.map((row) => [row[0], row] as const)]);
    for (const row of readings) {
      const kept = (this.#earlier.get(row[0]) ?? []).filter((one) => row[2] - one[2] <= 3_600_000);
      const newest = kept[kept.length - 1];
      if (row[1] !== null && (!newest || row[2] - newest[2] >= 300_000)) kept.push(row);
      this.#earlier.set(row[0], kept);
    }
  }

  #positions(positions: Position[], at = Date.now() + this.#ahead): void {
    if (positions.length) this.positionsAt = at;
    for (const position of positions) this.#latest.set(position[0], position);
    for (const listener of this.#listeners) listener(positions);
  }
}
