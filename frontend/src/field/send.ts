/** Speaking with `/api/v1`: reading with the last answer as a fallback, and sending what waits, in its order. */
import { forget, recall, refuse, remember, waiting } from "./keep";
import { outcome } from "./steps";
import type { Action, Call } from "./types";

const API = "/api/v1";
export const CALLS = "/assignments";
const PATIENCE_MS = 20_000;

function csrf(): string {
  return document.cookie.split("; ").find((part) => part.startsWith("csrftoken="))?.slice("csrftoken=".length) ?? "";
}

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { Accept: "application/json", "X-CSRFToken": csrf(), ...(init.headers as Record<string, string>) };
  return fetch(API + path, { ...init, headers, credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) });
}

export interface Heard<T> {
  value: T | undefined;
  /** True when the server was reached just now. */
  fresh: boolean;
  signIn: boolean;
}

/** What an address says; without a connection, what it said last. */
export async function hear<T>(path: string): Promise<Heard<T>> {
  try {
    const answer = await call(path);
    if (answer.ok) {
      const value = (await answer.json()) as T;
      await remember(path, value);
      return { value, fresh: true, signIn: false };
    }
    if (answer.status === 401) return { value: await recall<T>(path), fresh: false, signIn: true };
    if (answer.status < 500) return { value: undefined, fresh: true, signIn: false };
  } catch {
    // no connection
  }
  return { value: await recall<T>(path), fresh: false, signIn: false };
}

export async function post(path: string, body: unknown): Promise<Response> {
  return call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

async function sendOne(action: Action): Promise<Response> {
  const path = `/assignments/${action.call}/${action.name}`;
  if (!action.photo)
    return call(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": action.key },
      body: JSON.stringify({ ...action.body, at: action.at }),
    });
  const form = new FormData();
  form.append("photo", action.photo, "photo.jpg");
  return call(path, { method: "POST", headers: { "Idempotency-Key": action.key }, body: form });
}

/** Put an answered call into the list heard last: the connection may go before the list can be asked for again. */
async function learn(answer: Response): Promise<void> {
  const told = (await answer.json().catch(() => null)) as Partial<Call> | null;
  const calls = await recall<Call[]>(CALLS);
  if (!told?.state || !calls) return;
  await remember(CALLS, calls.map((one) => (one.id === told.id ? { ...one, ...told } : one)));
}

async function words(answer: Response): Promise<string> {
  try {
    return ((await answer.json()) as { error?: string }).error ?? "";
  } catch {
    return "";
  }
}

export interface Flushed {
  online: boolean;
  signIn: boolean;
}

let running: Promise<Flushed> | undefined;

/** Send what waits, one after the other; stops at the first that must wait. One at a time, whoever asks. */
export function flush(): Promise<Flushed> {
  running ??= drain().finally(() => {
    running = undefined;
  });
  return running;
}

async function drain(): Promise<Flushed> {
  const refusedCalls = new Set<number>();
  for (const action of await waiting()) {
    if (action.refused) {
      refusedCalls.add(action.call);
      continue;
    }
    // What follows a refused step would be refused for its sake: it waits for the officer's decision.
    if (refusedCalls.has(action.call)) continue;
    try {
      const answer = await sendOne(action);
      const came = outcome(answer.status, answer.ok ? "" : await words(answer));
      if (came.kind === "wait") return { online: true, signIn: came.signIn };
      if (came.kind === "sent") {
        await learn(answer);
        await forget(action.key);
      } else {
        refusedCalls.add(action.call);
        await refuse(action.key, came.words);
      }
    } catch {
      return { online: false, signIn: false };
    }
  }
  return { online: true, signIn: false };
}
