/** A server-sent event stream that comes back by itself, and knows when it has gone quiet. */

export interface StreamEvents {
  message(name: string, data: unknown): void;
  /** The stream is up: the server has spoken. */
  up(): void;
  /** The stream is away. Called once per loss. */
  down(): void;
}

export const QUIET_MS = 12_000; // the server speaks at least every 5 s
const LONGEST_WAIT_MS = 5000;

/** How long to wait before attempt `n` (from 1), in ms: 1, 2, 4, 5 s, less up to a fifth so that a room of walls does not knock at once. */
export function backoff(attempt: number, random: number): number {
  return Math.min(LONGEST_WAIT_MS, 1000 * 2 ** (attempt - 1)) * (1 - random / 5);
}

/** Open `url` and keep it open. Returns a function that ends it. */
export function listen(url: string, names: readonly string[], on: StreamEvents): () => void {
  let source: EventSource | null = null;
  let attempt = 0;
  let up = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastId = "";

  function heard(): void {
    attempt = 0;
    clearTimeout(timer);
    timer = setTimeout(lost, QUIET_MS);
    if (!up) on.up();
    up = true;
  }

  function lost(): void {
    source?.close();
    clearTimeout(timer);
    if (up || attempt === 0) on.down();
    up = false;
    attempt += 1;
    timer = setTimeout(open, backoff(attempt, Math.random()));
  }

  function open(): void {
    const address = new URL(url, location.href);
    if (lastId) address.searchParams.set("last_event_id", lastId);
    source = new EventSource(address);
    timer = setTimeout(lost, QUIET_MS);
    source.onerror = lost;
    for (const name of names)
      source.addEventListener(name, (event: MessageEvent<string>) => {
        heard();
        if (event.lastEventId) lastId = event.lastEventId;
        on.message(name, JSON.parse(event.data));
      });
  }

  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
