/** What `/api/v1` says about calls. The server's side: `patriot/api/native/schemas.py`. */

export type State = "assigned" | "accepted" | "en_route" | "on_scene" | "finished" | "declined" | "cancelled";

export interface Measurement {
  length_cm: number;
  width_cm: number;
  depth_cm: number;
  area_m2: number;
  volume_m3: number;
}

export interface Call {
  id: number;
  number: string;
  title: string;
  priority: "P1" | "P2" | "P3";
  place: string;
  lon: number;
  lat: number;
  owner_name: string;
  incident_photo: string;
  reported_at: string;
  callsign: string;
  state: State;
  eta_s: number | null;
  metres: number | null;
  assigned_at: string;
  arrival_suggested_at: string | null;
  ended_at: string | null;
  repair: string;
  photo: string;
  measurements: Measurement[];
  simulated: boolean;
}

export interface Unit {
  id: number;
  callsign: string;
  state: string;
}

export interface Way {
  destination: [number, number];
  origin: [number, number];
  seconds: number | null;
  metres: number | null;
  line: [number, number][];
  streets: [number, number][][];
  box: [number, number, number, number];
  turns: { name: string; metres: number }[];
}

export interface Config {
  unit: number | null;
  callsign: string;
  simulated: boolean;
}

export type ActionName = "accept" | "set-off" | "arrive" | "decline" | "measurements" | "photos" | "finish";

/** One thing the officer did, as it waits to be sent. `key` makes a repeat harmless. */
export interface Action {
  key: string;
  call: number;
  name: ActionName;
  at: string;
  body: Record<string, string | number | null>;
  photo?: Blob;
  /** Why the server refused it; it is then not sent again. */
  refused?: string;
}
