/** The wall's words for states, scenes, events and parts of the platform. */
import { t } from "../lib/t";
import type { AlarmPriority, Part, SceneName, State, Working } from "./types";

export function stateWords(state: State): string {
  const words: Record<State, string> = {
    received: t("Waiting"),
    coordinated: t("Coordination"),
    in_progress: t("In progress"),
    resolved: t("Awaiting confirmation"),
    closed: t("Done"),
    rejected: t("Rejected"),
  };
  return words[state] ?? state;
}

export function sceneWords(scene: SceneName): string {
  return { city: t("City"), now: t("Now"), water: t("Rivers"), air: t("Air"), street: t("Lights & parking"), results: t("Results"), deadlines: t("Deadlines") }[scene];
}

export const STEPS = ["assigned", "en_route", "on_scene", "finished"] as const;

/** How many of the four steps are reached, 1–4. */
export function stepOf(state: Working["state"]): number {
  return { assigned: 1, accepted: 1, en_route: 2, on_scene: 3, finished: 4 }[state] ?? 1;
}

export function workWords(state: Working["state"]): string {
  const words: Record<Working["state"], string> = {
    assigned: t("Assigned"),
    accepted: t("Accepted"),
    en_route: t("On the way"),
    on_scene: t("On the spot"),
    finished: t("Finished"),
  };
  return words[state] ?? state;
}

/** An event of the ledger in a few words; its kind itself when it is not known here. */
/** An alarm's level in words. Conditions of a device itself have no levels: their label is their code. */
export function alarmWords(code: string, label: string): string {
  const words: Record<string, string> = {
    no_data: t("sends no data"),
    flatline: t("has stopped changing"),
    drift: t("is drifting"),
    calibration: t("calibration expired"),
    battery: t("weak battery"),
    offline: t("offline"),
  };
  return label === code ? (words[code] ?? label) : label;
}

export function eventWords(kind: string): string {
  const words: Record<string, string> = {
    "report.received": t("Report received"),
    "incident.opened": t("Incident opened"),
    "incident.report_attached": t("One more report of the same"),
    "incident.state_changed": t("State changed"),
    "incident.rerouted": t("Handed to another agency"),
    "incident.priority_changed": t("Priority changed"),
    "incident.reminded": t("Reminder sent"),
    "incident.escalated": t("Escalated"),
    "incident.confirmed": t("Citizen confirmed"),
    "incident.reopened": t("Opened again by the citizen"),
    "incident.closed": t("Incident closed"),
    "task.opened": t("Task opened"),
    "task.funded": t("Funds approved"),
    "task.state_changed": t("Task moved on"),
    "fund.requested": t("Funds asked for"),
    "fund.decided": t("Funds decided"),
    "dispatch.assigned": t("Crew sent"),
    "dispatch.state_changed": t("Crew reported"),
    "dispatch.measured": t("Damage measured"),
    "sensing.condition_changed": t("Sensor: something changed"),
  };
  return words[kind] ?? kind;
}

/** A priority of an alarm by the first letter of its name. */
export function priorityLetter(priority: AlarmPriority): string {
  return { high: t("High"), medium: t("Medium"), low: t("Low") }[priority].slice(0, 1);
}

/** Where a panel comes from; the server names it in English. */
export function sourceWords(source: string): string {
  const words: Record<string, string> = {
    "Reports and the agencies' work": t("Reports and the agencies' work"),
    "Crews' phones and the control room": t("Crews' phones and the control room"),
    "Sensors and emergencies": t("Sensors and emergencies"),
    "River and rain gauges": t("River and rain gauges"),
    "Air and water quality stations": t("Air and water quality stations"),
    "Street-light controllers": t("Street-light controllers"),
    "Parking counters": t("Parking counters"),
  };
  return words[source] ?? source;
}

export function partWords(part: Part | string): string {
  const words: Record<string, string> = {
    web: t("Web server"),
    worker: t("Worker"),
    intake: t("Position intake"),
    nats: t("Message broker"),
    postgres: t("Database"),
    simulate: t("Simulator"),
  };
  return words[part] ?? part;
}

/** A class of the ISPU, or with `pi_` before it of the Pollution Index. */
export function classWords(code: string): string {
  const words: Record<string, string> = {
    good: t("Good"),
    moderate: t("Moderate"),
    unhealthy: t("Unhealthy"),
    very_unhealthy: t("Very unhealthy"),
    hazardous: t("Hazardous"),
    pi_good: t("meets the standard"),
    pi_light: t("lightly polluted"),
    pi_moderate: t("moderately polluted"),
    pi_heavy: t("heavily polluted"),
  };
  return words[code] ?? code;
}

/** What is measured, as people write it. */
export function pollutantWords(code: string): string {
  const words: Record<string, string> = {
    pm25: "PM2.5",
    pm10: "PM10",
    o3: "O₃",
    no2: "NO₂",
    so2: "SO₂",
    co: "CO",
    hc: "HC",
    bod: "BOD",
    cod: "COD",
    tss: t("solids"),
    do: t("oxygen"),
    no3: t("nitrate"),
    total_p: t("phosphorus"),
    fecal_coliform: t("bacteria"),
    ph: "pH",
  };
  return words[code] ?? code;
}
