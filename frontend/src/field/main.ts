/** The officer's phone. Without this island the page is forms; with it, it works without a connection. */
import { mount } from "svelte";
import Field from "./Field.svelte";
import "./field.css";
import { forgetHeard, recall, remember } from "./keep";
import type { Config } from "./types";

const SHELF = "patriot-field-1"; // as in worker.ts

/** Keep the page's own files from the first visit on: the worker sees only the second. */
async function install(address: string): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(address, { scope: "/field/" });
  const shelf = await caches.open(SHELF);
  const files = performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => new URL(name).pathname.startsWith("/static/"));
  await Promise.allSettled([...new Set(files), "/field/"].map((file) => shelf.add(file))); // one that fails keeps no other away
}

async function start(place: HTMLElement): Promise<void> {
  const config = JSON.parse(document.getElementById("field-config")?.textContent ?? "{}") as Config & { user: number };
  if ((await recall<number>("user")) !== config.user) await forgetHeard();
  await remember("user", config.user);
  place.replaceChildren();
  mount(Field, { target: place, props: { config } });
  void install(place.dataset["worker"] ?? "/field/worker.js").catch(() => undefined);
}

const place = document.getElementById("field");
if (place) void start(place).catch(() => undefined); // where the phone keeps nothing, the forms stay
