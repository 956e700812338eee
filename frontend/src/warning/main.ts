/**
 * Composing and showing a warning in the console. `form[data-warning-form]`: counts headlines, and its
 * `[data-warning-map]` lets areas be chosen by a click, a polygon or a circle be drawn; the form's own fields keep what
 * is chosen, so everything also works without it. `[data-warning-view]` shows the polygon in `#geometry`.
 */
import { mapOf } from "./draw";

function counts(form: HTMLFormElement): void {
  for (const field of form.querySelectorAll<HTMLTextAreaElement>("[data-count]")) {
    const words = field.parentElement?.querySelector("[data-counted]");
    const tell = (): void => {
      if (words) words.textContent = `${field.value.length} / ${field.dataset["count"]}`;
    };
    field.addEventListener("input", tell);
    tell();
  }
}

/** Beside each kecamatan, how many of its areas are chosen; those with some stand open. */
function groups(form: HTMLFormElement): void {
  const tell = (): void => {
    for (const group of form.querySelectorAll<HTMLDetailsElement>("[data-area-group]")) {
      const chosen = group.querySelectorAll("input:checked").length;
      const place = group.querySelector("[data-area-count]");
      if (place) place.textContent = chosen ? `· ${chosen}` : "";
    }
  };
  form.addEventListener("change", tell);
  for (const group of form.querySelectorAll<HTMLDetailsElement>("[data-area-group]")) if (group.querySelector("input:checked")) group.open = true;
  tell();
}

function json(id: string): GeoJSON.Geometry | null {
  return JSON.parse(document.getElementById(id)?.textContent || "null") as GeoJSON.Geometry | null;
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-warning-form], form[data-warning-new]")) {
  counts(form);
  groups(form);
  const drawn = form.elements.namedItem("drawn");
  const shape = json("drawn");
  if (drawn instanceof HTMLInputElement && shape) drawn.value = JSON.stringify(shape);
  const place = form.querySelector<HTMLElement>("[data-warning-map]");
  if (place) mapOf(place, form, shape);
}
for (const place of document.querySelectorAll<HTMLElement>("[data-warning-view]")) mapOf(place, null, json("geometry"));
