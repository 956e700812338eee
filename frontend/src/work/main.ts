/**
 * What working pages (console, desk, executive view) have besides forms: news from `/live` that refresh what is marked
 * `data-news`, and keys. `data-key="t"` on a button, link, summary or details: that key presses it. In the console
 * `data-keys-list` holds `data-key-item`s: j and k move, Enter opens.
 */
import "./work.css";

/** The ledger's kinds that change what these pages show. */
const NEWS = [
  ...["opened", "report_attached", "state_changed", "rerouted", "priority_changed", "merged", "replied", "confirmed", "reopened", "reminded", "escalated", "deadline_near", "deadline_broken"].map((name) => `incident.${name}`),
  ...["opened", "funded", "state_changed"].map((name) => `task.${name}`),
  ...["assigned", "state_changed", "measured"].map((name) => `dispatch.${name}`),
  ...["requested", "decided", "spent", "released", "raised"].map((name) => `fund.${name}`),
  "reset",
];

const CALM_MS = 800; // many events in one moment are one refresh
const SLOW_MS = 15_000;

function later(wait: number, run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      run();
    }, wait);
  };
}

function tell(name: string): void {
  const busy = document.activeElement?.closest("[data-news] form, dialog[open]");
  if (!busy) document.body.dispatchEvent(new CustomEvent(name));
}

if (document.querySelector("[data-news]")) {
  const soon = later(CALM_MS, () => tell("news"));
  const slowly = later(SLOW_MS, () => tell("news-slow"));
  const heard = (): void => {
    soon();
    slowly();
  };
  const live = new EventSource("/live"); // the browser comes back by itself, and names its place
  for (const kind of NEWS) live.addEventListener(kind, heard);
}

const TYPING = "input, textarea, select, [contenteditable]";

function items(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-keys-list] [data-key-item]")];
}

let chosen = "";

/** Mark the chosen item, also after the list was refreshed. */
function mark(): void {
  for (const item of items()) {
    if (item.dataset["incident"] === chosen) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
  }
}

function move(by: number): void {
  const all = items();
  if (!all.length) return;
  const now = all.findIndex((item) => item === document.activeElement || item.dataset["incident"] === chosen);
  const next = all[Math.min(all.length - 1, Math.max(0, now + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function press(key: string): boolean {
  const target = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return false;
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea")?.focus();
    target.scrollIntoView({ block: "nearest" });
  } else target.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (event.key === "Escape" && target?.matches(TYPING)) (target as HTMLElement).blur();
  if (event.ctrlKey || event.metaKey || event.altKey || target?.closest(TYPING) || document.querySelector("dialog[open]")) return;
  if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
  else if (event.key === "/") document.querySelector<HTMLElement>("[data-search]")?.focus();
  else if (event.key.length !== 1 || !press(event.key)) return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const item = target?.closest<HTMLElement>("[data-key-item]");
  if (item) chosen = item.dataset["incident"] ?? "";
  if (item) mark();
  const filler = target?.closest<HTMLElement>("[data-fill]");
  const field = filler && document.querySelector<HTMLTextAreaElement>(filler.dataset["fill"] ?? "");
  if (!filler || !field) return;
  field.value = filler.dataset["words"] ?? "";
  field.focus();
});

document.addEventListener("incident:select", (event) => {
  chosen = String((event as CustomEvent<{ id: number }>).detail.id);
  mark();
});
let focused: string | undefined;
document.addEventListener("htmx:beforeSwap", () => {
  focused = document.activeElement?.closest<HTMLElement>("[data-key-item]")?.dataset["incident"];
});
document.addEventListener("htmx:afterSwap", (event) => {
  mark();
  if (focused && document.activeElement === document.body)
    items().find((item) => item.dataset["incident"] === focused)?.focus({ preventScroll: true });
  const place = (event as CustomEvent<{ target: HTMLElement }>).detail.target;
  if (place.id === "detail") {
    place.scrollTop = 0;
    if (matchMedia("(max-width: 60rem)").matches) place.scrollIntoView();
  }
  if (place.id !== "incident") return;
  document.getElementById("incident")?.focus({ preventScroll: true });
  document.getElementById("detail")?.scrollTo({ top: 0 }); // what came of it stands at the top
});
