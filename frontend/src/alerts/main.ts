/**
 * The subscription page. On `<form data-alerts data-key data-worker data-url>`: shows the parts that need JavaScript
 * (position, this browser) where the browser can; without it the list of places and e-mail remain.
 */
import { t } from "../lib/t";

const SHELF = "patriot-warnings"; // the token of this browser's subscription

function part<Found extends HTMLElement>(form: HTMLElement, name: string): Found {
  return form.querySelector<Found>(`[${name}]`) ?? (document.createElement("p") as unknown as Found);
}

function locate(form: HTMLFormElement): void {
  const words = part(form, "data-alerts-words");
  words.textContent = t("Looking for your position…");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      for (const [name, value] of [["lon", coords.longitude], ["lat", coords.latitude]] as const)
        (form.elements.namedItem(name) as HTMLInputElement).value = value.toFixed(4);
      (form.elements.namedItem("area") as HTMLSelectElement).value = "";
      part(form, "data-radius").hidden = false;
      words.textContent = t("Your position is used, rounded to ten metres.");
    },
    () => (words.textContent = t("Your position is not available. Choose a kelurahan.")),
    { timeout: 15_000, maximumAge: 60_000 },
  );
}

async function subscribe(form: HTMLFormElement): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") throw new Error(t("The browser may not show notices. Allow them in its settings, or use e-mail."));
  const registration = await navigator.serviceWorker.register(form.dataset["worker"] ?? "", { scope: "/peringatan/" });
  await navigator.serviceWorker.ready.catch(() => null);
  const key = Uint8Array.from(atob((form.dataset["key"] ?? "").replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = made.toJSON();
  const told = { endpoint, ...keys, ...Object.fromEntries([...new FormData(form)].filter(([name]) => ["area", "lon", "lat", "radius_m"].includes(name))) };
  const answer = await fetch(form.dataset["url"] ?? "", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": String(new FormData(form).get("csrfmiddlewaretoken")) }, body: JSON.stringify(told) });
  const body = (await answer.json()) as { token?: string; fault?: string };
  if (!body.token) throw new Error(body.fault ?? t("It did not work. Try again, or use e-mail."));
  localStorage.setItem(SHELF, body.token);
  shown(form, body.token);
}

function shown(form: HTMLFormElement, token: string): void {
  part(form, "data-push-done").hidden = false;
  part<HTMLAnchorElement>(form, "data-push-own").href = `/peringatan/langganan/${token}`;
}

function start(form: HTMLFormElement): void {
  if ("geolocation" in navigator && isSecureContext) part(form, "data-alerts-position").hidden = false;
  part(form, "data-locate").addEventListener("click", () => locate(form));
  const known = localStorage.getItem(SHELF);
  if (known) shown(form, known);
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return;
  part(form, "data-alerts-push").hidden = false;
  const fault = part(form, "data-push-fault");
  const button = part<HTMLButtonElement>(form, "data-push");
  button.addEventListener("click", () => {
    fault.hidden = true;
    button.disabled = true;
    void subscribe(form)
      .catch((trouble: unknown) => {
        fault.textContent = trouble instanceof Error && trouble.message ? trouble.message : t("It did not work. Try again, or use e-mail.");
        fault.hidden = false;
      })
      .finally(() => (button.disabled = false));
  });
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-alerts]")) start(form);
