/** The service worker of public warnings: shows what the city sends, opens its page. It keeps nothing and fetches nothing. */
export type {};
declare const self: ServiceWorkerGlobalScope;

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface PushEvent extends ExtendableEvent {
  data: { json(): unknown } | null;
}
interface ClickEvent extends ExtendableEvent {
  notification: Notification;
}
interface Page {
  url: string;
  focus(): Promise<unknown>;
}
interface ServiceWorkerGlobalScope extends EventTarget {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void>; matchAll(options: { type: "window" }): Promise<Page[]>; openWindow(url: string): Promise<unknown> };
  registration: { showNotification(title: string, options: NotificationOptions): Promise<void> };
  location: Location;
}
interface Notice {
  title: string;
  body: string;
  url: string;
  tag: string;
  lang: string;
  loud: boolean;
}

function show(notice: Notice): Promise<void> {
  const options = { body: notice.body, tag: notice.tag, lang: notice.lang, icon: "/static/icon.svg", data: notice.url, renotify: true, requireInteraction: notice.loud, vibrate: notice.loud ? [400, 150, 400, 150, 800] : [200] };
  return self.registration.showNotification(notice.title, options as NotificationOptions);
}

async function open(address: string): Promise<void> {
  const target = new URL(address, self.location.origin);
  if (target.origin !== self.location.origin) return;
  const pages = await self.clients.matchAll({ type: "window" });
  const known = pages.find((page) => new URL(page.url).pathname === target.pathname);
  await (known ? known.focus() : self.clients.openWindow(target.href));
}

self.addEventListener("install", (event) => (event as ExtendableEvent).waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => (event as ExtendableEvent).waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => {
  const pushed = event as PushEvent;
  if (pushed.data) pushed.waitUntil(show(pushed.data.json() as Notice));
});
self.addEventListener("notificationclick", (event) => {
  const clicked = event as ClickEvent;
  clicked.notification.close();
  clicked.waitUntil(open(String(clicked.notification.data)));
});
