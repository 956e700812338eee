/**
 * The place picker of the report form. On `<div data-place-picker data-map data-lon data-lat data-accuracy>`: the
 * last three name hidden fields (selectors). Without JavaScript the form's own text field for the place remains.
 * Fires `place:change` (bubbling, detail `{lon, lat, accuracy}`). The map is fetched when it comes into sight.
 */
import { mount } from "svelte";
import "./report.css";

function field(selector: string | undefined): HTMLInputElement | null {
  return selector ? document.querySelector<HTMLInputElement>(selector) : null;
}

async function start(place: HTMLElement): Promise<void> {
  const { default: Picker } = await import("./Picker.svelte");
  const [lon, lat, accuracy] = [place.dataset["lon"], place.dataset["lat"], place.dataset["accuracy"]].map(field);
  const known = lon?.value && lat?.value ? { lon: Number(lon.value), lat: Number(lat.value) } : null;
  place.replaceChildren();
  mount(Picker, {
    target: place,
    props: {
      layersUrl: place.dataset["map"] ?? "/places/map.json",
      initial: known,
      onplace: (found) => {
        if (lon) lon.value = found.lon.toFixed(6);
        if (lat) lat.value = found.lat.toFixed(6);
        if (accuracy) accuracy.value = found.accuracy === null ? "" : String(Math.round(found.accuracy));
        place.dispatchEvent(new CustomEvent("place:change", { bubbles: true, detail: found }));
      },
    },
  });
}

const sight = new IntersectionObserver((entries) => {
  for (const entry of entries)
    if (entry.isIntersecting) {
      sight.unobserve(entry.target);
      void start(entry.target as HTMLElement);
    }
});
for (const place of document.querySelectorAll<HTMLElement>("[data-place-picker]")) sight.observe(place);
