/**
 * What an operator hears: a pattern for each priority, again and again until somebody acknowledges. Decisions are pure;
 * `Speaker` alone touches WebAudio.
 */
export type Priority = "high" | "medium" | "low";

/** A tone: when it begins after the pattern's begin, how long it lasts (s), its pitch (Hz) and loudness (0…1). */
export interface Tone {
  at: number;
  lasts: number;
  hertz: number;
  loud: number;
}

interface Pattern {
  tones: readonly Tone[];
  /** Seconds from one begin to the next. */
  every: number;
}

const pulse = (at: number, hertz: number, lasts: number, loud: number): Tone => ({ at, hertz, lasts, loud });

/** Told apart by number, pitch and pace, so that nobody has to look to know how urgent it is. */
export const PATTERNS: Record<Priority, Pattern> = {
  high: { every: 4, tones: [0, 0.16, 0.32, 0.62, 0.78].map((at, n) => pulse(at, n % 2 ? 988 : 784, 0.11, 0.5)) },
  medium: { every: 12, tones: [0, 0.28, 0.56].map((at) => pulse(at, 587, 0.2, 0.35)) },
  low: { every: 30, tones: [pulse(0, 392, 0.45, 0.25)] },
};

/** What a browser remembers: whether its operator wants sound, until when it is silenced (ms), and what was known then. */
export interface Wish {
  on: boolean;
  silentUntil: number;
  /** The newest call (s since 1970) when it was silenced: a newer one of high priority breaks the silence. */
  silentAt: number;
}

export const NOTHING: Wish = { on: false, silentUntil: 0, silentAt: 0 };
export const SILENCE_MS = 5 * 60_000;

export interface Calling {
  count: number;
  highest: Priority | "";
  /** When an alarm last called, seconds since 1970. */
  newest: number;
}

/** True while the operator's silence holds. */
export function isSilent(wish: Wish, calling: Calling, now: number): boolean {
  const broken = calling.highest === "high" && calling.newest > wish.silentAt;
  return now < wish.silentUntil && !broken;
}

export type State = "off" | "blocked" | "silent" | "on";

/** What the sound control says. `running`: the browser lets us play. */
export function stateOf(wish: Wish, calling: Calling, running: boolean, now: number): State {
  if (!wish.on) return "off";
  if (!running) return "blocked";
  return calling.count && isSilent(wish, calling, now) ? "silent" : "on";
}

/** The pattern that is due at `now` (ms), when the last one began at `last`; null: none. */
export function due(state: State, calling: Calling, last: number, lastOf: Priority | "", now: number): Priority | null {
  if (state !== "on" || !calling.count || !calling.highest) return null;
  const worse = lastOf !== calling.highest; // another priority is heard at once
  return worse || now - last >= PATTERNS[calling.highest].every * 1000 ? calling.highest : null;
}

/** A wish as it was kept; what makes no sense is as if it were not there. */
export function parse(text: string | null): Wish {
  try {
    const kept = JSON.parse(text ?? "") as Partial<Wish>;
    return { on: kept.on === true, silentUntil: Number(kept.silentUntil) || 0, silentAt: Number(kept.silentAt) || 0 };
  } catch {
    return NOTHING;
  }
}

export class Speaker {
  #context: AudioContext | null = null;

  get running(): boolean {
    return this.#context?.state === "running";
  }

  /** Ask the browser for sound: it says yes after a click or a key, or where sound was allowed before. */
  async start(changed: () => void): Promise<void> {
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#context.addEventListener("statechange", changed);
    }
    if (!this.running) await Promise.race([this.#context.resume().catch(() => undefined), new Promise((done) => setTimeout(done, 300))]);
    changed();
  }

  play(priority: Priority, loudness = 1): void {
    const context = this.#context;
    if (!context || !this.running) return;
    for (const tone of PATTERNS[priority].tones) sound(context, tone, loudness);
  }
}

/** One tone with soft edges: a hard one clicks. */
function sound(context: AudioContext, tone: Tone, loudness: number): void {
  const [from, until] = [context.currentTime + tone.at + 0.02, context.currentTime + tone.at + tone.lasts];
  const [voice, volume] = [context.createOscillator(), context.createGain()];
  voice.type = "triangle";
  voice.frequency.value = tone.hertz;
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(tone.loud * loudness, from + 0.015);
  volume.gain.setValueAtTime(tone.loud * loudness, until - 0.03);
  volume.gain.linearRampToValueAtTime(0, until);
  voice.connect(volume).connect(context.destination);
  voice.start(from);
  voice.stop(until + 0.02);
}
