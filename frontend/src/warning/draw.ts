/** The map on which a warning's place is chosen: click areas, draw a polygon, set a circle's middle. */
import { GeoJSONSource, type Map as GlMap, type MapMouseEvent } from "maplibre-gl";
import { t } from "../lib/t";
import { CityMap } from "../map/city-map";
import { NOTHING, bounds, type CityLayers } from "../map/layers";
import { drawing } from "../map/webgl";

type Mode = "areas" | "polygon" | "circle";
type Pair = [number, number];

const KM_A_DEGREE = 111.195;

/** A circle's outline, for showing. */
export function ring(lon: number, lat: number, km: number): Pair[] {
  return Array.from({ length: 49 }, (_, step): Pair => {
    const angle = (step / 48) * 2 * Math.PI;
    const high = km / KM_A_DEGREE;
    return [lon + (Math.cos(angle) * high) / Math.cos((lat * Math.PI) / 180), lat + Math.sin(angle) * high];
  });
}

class Drawing {
  #mode: Mode = "areas";
  #points: Pair[] = [];
  #shape: GeoJSON.Geometry | null;
  #layers: CityLayers | null = null;
  #city: CityMap;
  #form: HTMLFormElement | null;

  constructor(box: HTMLElement, layersUrl: string, form: HTMLFormElement | null, shape: GeoJSON.Geometry | null) {
    this.#form = form;
    this.#shape = shape;
    const padding = (): { top: number; bottom: number; left: number; right: number } => ({ top: 24, bottom: 24, left: 24, right: 24 });
    this.#city = new CityMap({ container: box, layersUrl, smooth: drawing() === "gpu", k: 0.85, padding, interactive: true, onReady: (layers) => this.#ready(layers) });
    this.#gl.on("style.load", () => this.#overlay());
    this.#gl.on("click", (event) => this.#click(event));
    this.#gl.on("dblclick", (event) => this.#finish(event));
    this.#gl.doubleClickZoom.disable();
    this.#form?.addEventListener("change", () => this.#show());
  }

  get #gl(): GlMap {
    return this.#city.gl;
  }

  set mode(mode: Mode) {
    this.#mode = mode;
    this.#points = [];
    this.#gl.getCanvas().style.cursor = mode === "areas" ? "pointer" : "crosshair";
    this.#show();
  }

  /** End the polygon that is being drawn. */
  close(): void {
    const [first] = this.#points;
    if (first && this.#points.length >= 3) this.#keep({ type: "Polygon", coordinates: [[...this.#points, first]] });
    this.#points = [];
    this.#show();
  }

  /** Take back the last corner. */
  back(): void {
    this.#points.pop();
    this.#show();
  }

  /** Take the drawing away. */
  clear(): void {
    this.#points = [];
    this.#keep(null);
    for (const name of ["circle_lon", "circle_lat", "circle_km"]) this.#field(name, "");
    this.#show();
  }

  #keep(shape: GeoJSON.Geometry | null): void {
    this.#shape = shape;
    this.#field("drawn", shape ? JSON.stringify(shape) : "");
  }

  #field(name: string, value?: string): string {
    const field = this.#form?.elements.namedItem(name);
    if (!(field instanceof HTMLInputElement)) return "";
    if (value !== undefined) field.value = value;
    return field.value;
  }

  #ready(layers: CityLayers): void {
    this.#layers = layers;
    const shown = this.#features().filter((one) => one.geometry.type !== "Point");
    const box = bounds(shown);
    if (box) this.#city.showPlaces([[box[0], box[1]], [box[2], box[3]]], 14);
    else this.#city.showCity();
    this.#show();
  }

  #overlay(): void {
    if (this.#gl.getSource("drawn")) return;
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--p1").trim() || "#c4202b";
    this.#gl.addSource("drawn", { type: "geojson", data: NOTHING });
    this.#gl.addLayer({ id: "drawn-fill", type: "fill", source: "drawn", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colour, "fill-opacity": 0.22 } });
    this.#gl.addLayer({ id: "drawn-line", type: "line", source: "drawn", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": colour, "line-width": 2.5 } });
    this.#gl.addLayer({ id: "drawn-corner", type: "circle", source: "drawn", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 5, "circle-color": colour, "circle-stroke-color": "#fff", "circle-stroke-width": 1.5 } });
    this.#show();
  }

  #features(): GeoJSON.Feature[] {
    const made = (geometry: GeoJSON.Geometry): GeoJSON.Feature => ({ type: "Feature", properties: {}, geometry });
    const chosen = new Set([...(this.#form?.querySelectorAll<HTMLInputElement>("[data-area]:checked") ?? [])].map((one) => one.value));
    const areas = (this.#layers?.areas.features ?? []).filter((one) => chosen.has(String(one.properties?.["code"])));
    const [lon, lat, km] = ["circle_lon", "circle_lat", "circle_km"].map((name) => Number(this.#field(name).replace(",", ".") || Number.NaN));
    const features = areas.map((one) => made(one.geometry));
    if (this.#shape) features.push(made(this.#shape));
    if (lon && lat && km) features.push(made({ type: "Polygon", coordinates: [ring(lon, lat, km)] }));
    if (this.#points.length > 1) features.push(made({ type: "LineString", coordinates: this.#points }));
    for (const point of this.#points) features.push(made({ type: "Point", coordinates: point }));
    return features;
  }

  #show(): void {
    const source = this.#gl.getSource("drawn");
    if (source instanceof GeoJSONSource) source.setData({ type: "FeatureCollection", features: this.#features() });
  }

  #click(event: MapMouseEvent): void {
    if (!this.#form) return;
    const { lng, lat } = event.lngLat;
    if (this.#mode === "polygon") this.#points.push([Number(lng.toFixed(5)), Number(lat.toFixed(5))]);
    else if (this.#mode === "circle") {
      this.#field("circle_lon", lng.toFixed(5));
      this.#field("circle_lat", lat.toFixed(5));
      if (!this.#field("circle_km")) this.#field("circle_km", "1");
    } else this.#toggle(event);
    this.#show();
  }

  #toggle(event: MapMouseEvent): void {
    const hits = this.#gl.queryRenderedFeatures(event.point).filter((one) => one.source === "areas" && one.properties["level"] === "kelurahan");
    const code = String(hits[0]?.properties["code"] ?? "");
    const box = code ? this.#form?.querySelector<HTMLInputElement>(`[data-area="${CSS.escape(code)}"]`) : null;
    box?.click();
  }

  #finish(event: MapMouseEvent): void {
    if (this.#mode !== "polygon") return;
    event.preventDefault();
    this.#points.pop(); // the second click of the two set the same corner again
    this.close();
  }
}

function button(words: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "button button--s", textContent: words, onclick: act });
  return made;
}

function tools(map: Drawing): HTMLElement {
  const bar = document.createElement("div");
  bar.className = "drawmap__tools";
  const modes: [Mode, string][] = [["areas", t("Choose areas")], ["polygon", t("Draw")], ["circle", t("Circle")]];
  const buttons = modes.map(([mode, words]) => button(words, () => choose(mode)));
  function choose(mode: Mode): void {
    map.mode = mode;
    buttons.forEach((one, place) => one.setAttribute("aria-pressed", String(modes[place]?.[0] === mode)));
  }
  choose("areas");
  bar.append(...buttons, button(t("Close the polygon"), () => map.close()), button(t("One corner back"), () => map.back()), button(t("Take the drawing away"), () => map.clear()));
  return bar;
}

/** Put the map into `place`; without a form it only shows. Does nothing where the browser cannot draw. */
export function mapOf(place: HTMLElement, form: HTMLFormElement | null, shape: GeoJSON.Geometry | null): void {
  if (drawing() === "none" || (!form && !shape)) return;
  place.hidden = false;
  const frame = document.createElement("div");
  frame.className = "drawmap";
  const box = document.createElement("div");
  frame.append(box);
  place.replaceChildren(frame);
  const map = new Drawing(box, place.dataset["map"] ?? "/places/map.json", form, shape);
  if (form) place.prepend(tools(map));
}
