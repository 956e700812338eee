/** What every page has: styles, htmx, and a few behaviours switched on by `data-` attributes (see STYLE.md). */
import htmx from "htmx.org";
import { follow } from "./lib/live";
import "./styles/base.css";

htmx.config.includeIndicatorStyles = false; // would be an inline style
htmx.config.allowEval = false;
htmx.config.historyCacheSize = 0; // keeps no page of a signed-in person in the browser's storage
(window as unknown as { htmx: typeof htmx }).htmx = htmx;

const YEAR_S = 31_536_000;

function cookie(name: string): string {
  return document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function switchTheme(): void {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset["theme"] = theme;
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
}

export function toast(words: string): void {
  const place = document.querySelector(".toasts");
  if (!place) return;
  const box = document.createElement("div");
  box.className = "toast";
  box.textContent = words;
  place.append(box);
  setTimeout(() => box.remove(), 6000);
}

function dialog(selector: string | undefined): HTMLDialogElement | null {
  return selector ? document.querySelector<HTMLDialogElement>(selector) : null;
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const button = target?.closest<HTMLElement>("[data-theme-switch], [data-dialog-open], [data-dialog-close], [data-print]");
  if (!button) return;
  if ("themeSwitch" in button.dataset) switchTheme();
  if ("print" in button.dataset) window.print();
  if ("dialogOpen" in button.dataset) dialog(button.dataset["dialogOpen"])?.showModal();
  if ("dialogClose" in button.dataset) button.closest("dialog")?.close();
});

document.addEventListener("change", (event) => {
  const field = event.target as HTMLInputElement;
  if (field.closest("[data-autosubmit]")) field.form?.requestSubmit();
  if ("preview" in field.dataset) preview(field);
});

/** `<input type="file" data-preview="#id">` shows the chosen picture in the `<img id>`. */
function preview(field: HTMLInputElement): void {
  const image = document.querySelector<HTMLImageElement>(field.dataset["preview"] ?? "");
  const file = field.files?.[0];
  if (!image) return;
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  image.hidden = !file;
  if (file) image.src = URL.createObjectURL(file);
}

document.addEventListener("htmx:configRequest", (event) => {
  const detail = (event as CustomEvent<{ headers: Record<string, string> }>).detail;
  detail.headers["X-CSRFToken"] = cookie("csrftoken");
});

document.addEventListener("toast", (event) => {
  const detail = (event as CustomEvent<{ value?: string }>).detail;
  if (detail.value) toast(detail.value);
});

follow();

for (const failure of ["htmx:responseError", "htmx:sendError"])
  document.addEventListener(failure, () => {
    const words = document.querySelector<HTMLElement>(".toasts")?.dataset["failed"];
    if (words) toast(words);
  });
