/**
 * The service worker: keeps the page and its files, so that it opens without a connection. What officers do does not
 * pass through here: the page itself keeps and sends it.
 */
export type {};
declare const self: ServiceWorkerGlobalScope;

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface ServiceWorkerGlobalScope extends EventTarget {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  location: Location;
}

const SHELF = "patriot-field-1";
const PATIENCE_MS = 4000;

/** The page: fresh when the server answers soon, else the kept one. A page that sends to the login is not kept. */
async function page(request: Request): Promise<Response> {
  const shelf = await caches.open(SHELF);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.redirected || answer.status === 401 || answer.status === 403) await shelf.delete("/field/");
    else if (answer.ok) await shelf.put("/field/", answer.clone());
    if (answer.status < 500) return answer;
  } catch {
    // no connection
  }
  return (await shelf.match("/field/")) ?? Response.error();
}

/** Built files never change under their name. */
async function file(request: Request): Promise<Response> {
  const shelf = await caches.open(SHELF);
  const kept = await shelf.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await shelf.put(request, answer.clone());
  return answer;
}

self.addEventListener("install", (event) => (event as ExtendableEvent).waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => (event as ExtendableEvent).waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const asked = event as FetchEvent;
  const { request } = asked;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === "/field/") asked.respondWith(page(request));
  else if (url.pathname.startsWith("/static/") || url.pathname.startsWith("/foto/")) asked.respondWith(file(request));
});
