/**
 * Alarms on console pages: the strip and the lists follow `/live`, the sound calls until somebody acknowledges, the
 * title counts, keys act on the chosen row. Everything else is plain forms.
 */
import { NOTHING, SILENCE_MS, Speaker, due, parse, stateOf, type Calling, type Priority, type State, type Wish } from "./sound";
import "./alarms.css";

const KINDS = ["raised", "changed", "grouped", "cleared", "acknowledged", "acknowledgement_undone", "reset", "shelved", "unshelved", "suppressed", "released", "out_of_service", "put_back", "reminded", "incident_linked", "step_ticked", "noted"].map((name) => `alarms.${name}`);
const CALM_MS = 400; // what happens within this time is one reason to look again
const KEPT = "alarm-sound";
const TYPING = "input:not([type=radio]), textarea, select, [contenteditable]";

const bar = document.querySelector<HTMLElement>("[data-alarms]");
const control = document.querySelector<HTMLElement>("[data-alarm-sound]");
const title = document.title;
const speaker = new Speaker();
let wish: Wish = kept();
let last = 0;
let lastOf: Priority | "" = "";
let sounds = false; // this tab is the one of this browser that is heard

function kept(): Wish {
  try {
    return parse(localStorage.getItem(KEPT));
  } catch {
    return NOTHING; // a browser that keeps nothing: sound for this page only
  }
}

function keep(changes: Partial<Wish>): void {
  wish = { ...wish, ...changes };
  try {
    localStorage.setItem(KEPT, JSON.stringify(wish));
  } catch {
    /* as above */
  }
  show();
}

function calling(): Calling {
  const data = document.getElementById("alarm-strip")?.dataset ?? {};
  return { count: Number(data["unacknowledged"]) || 0, highest: (data["highest"] ?? "") as Calling["highest"], newest: Number(data["newest"]) || 0 };
}

function state(): State {
  return stateOf(wish, calling(), speaker.running, Date.now());
}

function hourMinute(ms: number): string {
  return new Intl.DateTimeFormat("id-ID", { timeZone: "Asia/Jakarta", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(ms).replace(":", ".");
}

function show(): void {
  const { count } = calling();
  document.title = count ? `(${count}) ${title}` : title;
  if (!control) return;
  const now = state();
  const words = control.querySelector<HTMLElement>("[data-sound-words]");
  const silence = control.querySelector<HTMLElement>("[data-silence]");
  control.hidden = false;
  if (control.dataset["alarmSound"] !== now) control.dataset["alarmSound"] = now;
  const said = { off: "wordsOff", blocked: "wordsBlocked", silent: "wordsSilent", on: "wordsOn" }[now];
  const text = (control.dataset[said] ?? "").replace("{time}", hourMinute(wish.silentUntil));
  if (words && words.textContent !== text) words.textContent = text;
  if (silence) silence.hidden = now !== "on" || !count;
}

function beat(): void {
  show();
  const pattern = sounds ? due(state(), calling(), last, lastOf, Date.now()) : null;
  if (!calling().count) lastOf = "";
  if (!pattern) return;
  [last, lastOf] = [Date.now(), pattern];
  speaker.play(pattern);
}

function switchSound(): void {
  const now = state();
  if (now === "silent") return keep({ silentUntil: 0 });
  if (now === "on") return keep({ on: false, silentUntil: 0 });
  lastOf = "";
  keep({ on: true, silentUntil: 0 });
  void speaker.start(show).then(() => {
    if (!calling().count) speaker.play("low", 0.6); // so that one hears that one would hear
    beat();
  });
}

function silence(): void {
  keep({ silentUntil: Date.now() + SILENCE_MS, silentAt: calling().newest });
}

/** Of several tabs one is heard: whoever holds the lock. Where there are no locks, each. */
function takeTurns(): void {
  const alone = (): Promise<void> => {
    sounds = true;
    return new Promise(() => undefined);
  };
  if (navigator.locks) void navigator.locks.request("alarm-sound", alone);
  else sounds = true;
}

function listen(): void {
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (): void => {
    timer = undefined;
    asked = Date.now();
    document.body.dispatchEvent(new CustomEvent("alarms"));
  };
  const heard = (): void => {
    timer ??= setTimeout(tell, Math.max(0, asked + CALM_MS - Date.now())); // the first at once
  };
  const live = new EventSource("/live");
  for (const kind of [...KINDS, "reset"]) live.addEventListener(kind, heard);
}

/** Whoever writes in a form keeps it: that part is not replaced under their hands. */
function isBusy(part: Element): boolean {
  return part.contains(document.activeElement) && document.activeElement?.matches(TYPING) === true;
}

type Memory = Map<string, boolean | string>;

/** What is open and filled in of a part, by the alarm and the place within it. */
function* fields(part: Element): Generator<[string, HTMLDetailsElement | HTMLInputElement]> {
  for (const alarm of part.matches("[data-alarm-open]") ? [part as HTMLElement] : part.querySelectorAll<HTMLElement>("[data-alarm]")) {
    const name = alarm.dataset["alarm"] ?? alarm.dataset["alarmOpen"] ?? "";
    let place = 0;
    for (const one of alarm.querySelectorAll<HTMLDetailsElement | HTMLInputElement>("details, details input:not([type=hidden])")) yield [`${name} ${place++}`, one];
  }
}

function remember(part: Element): Memory {
  const kept: Memory = new Map();
  for (const [name, one] of fields(part)) {
    if (one instanceof HTMLDetailsElement) kept.set(name, one.open);
    else if (one.type === "radio") kept.set(name, one.checked);
    else if (one.value !== one.defaultValue) kept.set(name, one.value);
  }
  return kept;
}

function recall(part: Element, kept: Memory): void {
  for (const [name, one] of fields(part)) {
    const was = kept.get(name);
    if (was === undefined) continue;
    if (one instanceof HTMLDetailsElement) one.open = was === true;
    else if (one.type === "radio") one.checked = was === true;
    else one.value = String(was);
  }
}

function row(): HTMLElement | null {
  const near = document.activeElement?.closest<HTMLElement>("[data-alarm]");
  return near ?? document.querySelector<HTMLElement>("[data-key-item][aria-current=true]")?.closest<HTMLElement>("[data-alarm]") ?? null;
}

function press(key: string): boolean {
  const target = row()?.querySelector<HTMLElement>(`[data-row-key="${key}"]`);
  if (!target) return false;
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.querySelector<HTMLElement>("input:not([type=hidden])")?.focus();
  } else target.click();
  return true;
}

function keys(event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  if (event.ctrlKey || event.metaKey || event.altKey || target?.closest(TYPING) || document.querySelector("dialog[open]")) return;
  const ours = "lm".includes(event.key) ? bar?.querySelector<HTMLElement>(`[data-key="${event.key}"]:not([hidden])`) : null; // on every console page
  if (ours) ours.click();
  else if (!"asi".includes(event.key) || event.key.length !== 1 || !press(event.key)) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // before what the page's other keys would do
}

if (bar) {
  let focused: string | undefined;
  document.addEventListener("keydown", keys, true);
  document.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.target instanceof Element ? event.target : null;
    if (part?.matches("[data-alarm-part]") && isBusy(part)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const form = event.target instanceof HTMLFormElement ? event.target : null;
    if (!form || (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail.xhr.status !== 204) return;
    focused = form.closest<HTMLElement>("[data-alarm]")?.dataset["alarm"]; // done: what was typed may go
    (document.activeElement as HTMLElement | null)?.blur();
    form.reset();
    const around = form.closest("details");
    if (around) around.open = false;
  });
  let open: Memory = new Map();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = (event as CustomEvent<{ target: Element; shouldSwap: boolean }>).detail;
    if (detail.target.matches("[data-alarm-part]") && isBusy(detail.target)) detail.shouldSwap = false;
    open = remember(detail.target);
    focused = document.activeElement?.closest("#alarm-list") ? document.activeElement?.closest<HTMLElement>("[data-alarm]")?.dataset["alarm"] : focused;
  });
  document.addEventListener("focusout", (event) => {
    const left = event.target instanceof Element && event.target.matches(TYPING) ? event.target.closest("[data-alarm-part]") : null;
    if (left) setTimeout(() => document.body.dispatchEvent(new CustomEvent("alarms")), CALM_MS); // what came meanwhile
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = (event as CustomEvent<{ target: Element }>).detail.target;
    const part = target.isConnected ? target : document.getElementById(target.id);
    if (part) recall(part, open);
    show();
    beat();
    if (focused && document.activeElement === document.body) {
      const links = [...document.querySelectorAll<HTMLElement>("#alarm-list [data-alarm]")];
      const same = links.find((one) => one.dataset["alarm"] === focused) ?? links[0];
      same?.querySelector<HTMLElement>("[data-key-item]")?.focus({ preventScroll: true });
    }
  });
  control?.querySelector("[data-sound-switch]")?.addEventListener("click", switchSound);
  control?.querySelector("[data-silence]")?.addEventListener("click", silence);
  window.addEventListener("storage", () => {
    wish = kept();
    show();
  });
  if (wish.on) {
    void speaker.start(show);
    const wake = (): void => void (wish.on && !speaker.running && speaker.start(show)); // any click or key lets it speak
    for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, wake, { capture: true });
  }
  takeTurns();
  listen();
  show();
  setInterval(beat, 500);
}
