/**
 * The console's map. On `<div data-console-map data-map data-stream [data-select-url data-select-target]>`:
 * a click fires `incident:select` or `unit:select` (bubbling, detail `{id, number}`), and, where `data-select-url` names
 * an address with `0` in the id's place, loads it into `data-select-target`. A click on anything with
 * `data-map-incident="31"` shows that incident on the map.
 */
import { mount } from "svelte";
import "../wall/flat.css";
import ConsoleMap from "./ConsoleMap.svelte";
import "./console.css";

interface Htmx {
  ajax(verb: string, url: string, target: string): Promise<void>;
}

function announce(place: HTMLElement, kind: string, id: number, number: string): void {
  place.dispatchEvent(new CustomEvent(`${kind}:select`, { bubbles: true, detail: { id, number } }));
  const { selectUrl, selectTarget } = place.dataset;
  const htmx = (window as unknown as { htmx?: Htmx }).htmx;
  if (kind === "incident" && selectUrl && selectTarget) void htmx?.ajax("GET", selectUrl.replace("0", String(id)), selectTarget);
}

for (const place of document.querySelectorAll<HTMLElement>("[data-console-map]")) {
  const map = mount(ConsoleMap, {
    target: place,
    props: {
      stream: place.dataset["stream"] ?? "/wall/stream",
      layersUrl: place.dataset["map"] ?? "/places/map.json",
      onselect: ({ incident, unit }) => {
        if (incident) announce(place, "incident", incident.id, incident.number);
        if (unit) announce(place, "unit", unit.id, unit.callsign);
      },
    },
  });
  document.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-map-incident]") : null;
    if (row) map.show(Number(row.dataset["mapIncident"]));
  });
}
