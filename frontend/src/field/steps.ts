/** What an officer can do next, and what a call looks like once what waits to be sent has been done. Pure. */
import type { Action, ActionName, Call, State } from "./types";

const AFTER: Partial<Record<ActionName, State>> = {
  accept: "accepted",
  "set-off": "en_route",
  arrive: "on_scene",
  decline: "declined",
  finish: "finished",
};

const NEXT: Partial<Record<State, ActionName>> = { assigned: "accept", accepted: "set-off", en_route: "arrive" };

export function nextStep(state: State): ActionName | null {
  return NEXT[state] ?? null;
}

export function canDecline(state: State): boolean {
  return state === "assigned" || state === "accepted";
}

export function isActive(state: State): boolean {
  return state in NEXT || state === "on_scene";
}

/** The call as it will be when the waiting actions have arrived. Refused ones count for nothing. */
export function foresee(call: Call, waiting: readonly Action[]): Call {
  let seen = call;
  for (const action of waiting) {
    if (action.call !== call.id || action.refused) continue;
    const state = AFTER[action.name];
    if (state) seen = { ...seen, state };
    if (action.name === "measurements") seen = { ...seen, measurements: [...seen.measurements, measured(action)] };
  }
  return seen;
}

function measured(action: Action): Call["measurements"][number] {
  const [length_cm, width_cm, depth_cm] = ["length_cm", "width_cm", "depth_cm"].map((name) => Number(action.body[name] ?? 0)) as [number, number, number];
  return { length_cm, width_cm, depth_cm, area_m2: (length_cm * width_cm) / 10_000, volume_m3: (length_cm * width_cm * depth_cm) / 1_000_000 };
}

/** What a sending came to: gone, wait and try again, or refused for good. */
export type Outcome = { kind: "sent" } | { kind: "wait"; signIn: boolean } | { kind: "refused"; words: string };

export function outcome(status: number, words: string): Outcome {
  if (status >= 200 && status < 300) return { kind: "sent" };
  if (status === 401) return { kind: "wait", signIn: true };
  if (status === 403 && /csrf/i.test(words)) return { kind: "wait", signIn: true };
  if (status >= 500 || status === 408 || status === 429) return { kind: "wait", signIn: false };
  return { kind: "refused", words };
}
