/**
 * Parts of a page that follow the ledger: `<section data-live="incident.state_changed dispatch.state_changed"
 * data-live-number="161130-K7M3Q" hx-get="…" hx-trigger="live">` hears the event `live` when one of these kinds
 * happened, to that incident where a number is given. Only while somebody looks at the page.
 */
interface News {
  kind: string;
  body?: { number?: string };
}

const TOGETHER_MS = 400; // what happens within this time is one reason to look again

/** True when a part that waits for `kinds` (and `number`, if any) is concerned by the news. Pure. */
export function concerns(kinds: string, number: string | undefined, news: News): boolean {
  return kinds.split(/\s+/).includes(news.kind) && (!number || news.body?.number === number);
}

function parts(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-live]")];
}

const waiting = new Set<HTMLElement>();

function tell(part: HTMLElement): void {
  if (waiting.has(part)) return;
  waiting.add(part);
  setTimeout(() => {
    waiting.delete(part);
    part.dispatchEvent(new CustomEvent("live"));
  }, TOGETHER_MS);
}

function open(): EventSource {
  const source = new EventSource("/live");
  const kinds = new Set(parts().flatMap((part) => (part.dataset["live"] ?? "").split(/\s+/).filter(Boolean)));
  for (const kind of kinds)
    source.addEventListener(kind, (event: MessageEvent<string>) => {
      const news = JSON.parse(event.data) as News;
      for (const part of parts()) if (concerns(part.dataset["live"] ?? "", part.dataset["liveNumber"], news)) tell(part);
    });
  source.addEventListener("reset", () => parts().forEach(tell));
  return source;
}

/** Begin, where the page has such parts. */
export function follow(): void {
  if (!parts().length) return;
  let source: EventSource | null = open();
  document.addEventListener("visibilitychange", () => {
    source?.close();
    source = document.hidden ? null : open();
    if (source) parts().forEach(tell); // what happened meanwhile
  });
}
