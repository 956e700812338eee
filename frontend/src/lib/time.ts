/** Times as people in the room read them: Jakarta time, id-ID figures. All functions are pure. */
import { t } from "./t";

const ZONE = "Asia/Jakarta";
const clockParts = new Intl.DateTimeFormat("id-ID", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const shortParts = new Intl.DateTimeFormat("id-ID", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** `19.42.07` */
export function clock(ms: number): string {
  return clockParts.format(ms).replaceAll(":", ".");
}

/** `19.42` */
export function hourMinute(ms: number): string {
  return shortParts.format(ms).replaceAll(":", ".");
}

/** `Sabtu, 21 November 2026` */
export function day(ms: number, language: string): string {
  const options = { timeZone: ZONE, weekday: "long", day: "numeric", month: "long" } as const;
  return new Intl.DateTimeFormat(language === "id" ? "id-ID" : "en-GB", options).format(ms);
}

export function figure(value: number): string {
  return new Intl.NumberFormat("id-ID").format(value);
}

/** A duration in its two largest units that matter: `8 s`, `12 min`, `3 h 05 min`, `4 days`. Never negative. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return t("{n} s", { n: s });
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return t("{n} min", { n: minutes });
  const hours = Math.floor(minutes / 60);
  const rest = String(minutes % 60).padStart(2, "0");
  if (hours < 24) return t("{h} h {m} min", { h: hours, m: rest });
  const days = Math.floor(hours / 24);
  return days === 1 ? t("1 day") : t("{n} days", { n: days });
}

/** Seconds from `iso` to `now`; 0 when `iso` is no time. */
export function ageOf(iso: string | null | undefined, now: number): number {
  const at = iso ? Date.parse(iso) : Number.NaN;
  return Number.isNaN(at) ? 0 : (now - at) / 1000;
}
