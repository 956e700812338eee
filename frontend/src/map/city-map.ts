/** The live map: MapLibre with the city's own lines, incidents by priority and state, moving vehicles. */
import { GeoJSONSource, Map as GlMap, setWorkerUrl, type ExpressionSpecification, type LngLatBoundsLike, type MapMouseEvent, type PaddingOptions } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { MapIncident, Position, Priority, State, Unit } from "../wall/types";
import { NOTHING, bounds, fetchLayers, type Bounds, type CityLayers } from "./layers";
import { drawHatch, drawMark, markName, type Mark } from "./marks";
import { move, place, type LonLat, type Track } from "./motion";
import { palette, type Palette } from "./palette";
import { SensorLayer, type SensorMark } from "./sensors";
import { cityStyle } from "./style";
import { UnitsLayer } from "./units-layer";

setWorkerUrl(workerUrl);

export const BEKASI: Bounds = [106.898, -6.399, 107.042, -6.172]; // until the city's own areas have come

export interface CityMapOptions {
  container: HTMLElement;
  layersUrl: string;
  /** Glide between fixes; false on software rendering: one step for each message. */
  smooth: boolean;
  /** The screen's scale: 1 at 1920 px. */
  k: number;
  padding: () => PaddingOptions;
  interactive: boolean;
  onSelect?: (what: { incident?: number; unit?: number } | null) => void;
  onReady?: (layers: CityLayers) => void;
}

const PRIORITIES: Priority[] = ["P1", "P2", "P3"];
const MARKS: Mark[] = ["open", "busy", "done"];
const HIT_PX = 22;

export interface Warned {
  geometry: GeoJSON.Geometry;
  own: boolean;
}

export class CityMap {
  readonly gl: GlMap;
  #options: CityMapOptions;
  #colours: Palette = palette();
  #units: UnitsLayer;
  #sensors: SensorLayer;
  #tracks = new Map<number, Track>();
  #rows: ReadonlyMap<string, Unit> = new Map();
  #incidents: MapIncident[] = [];
  #warned: readonly Warned[] = [];
  #layers: CityLayers | null = null;
  #box: Bounds = BEKASI;
  #shown: (unit: Unit | undefined) => boolean = () => true;
  #drawn = false; // a near view waits for the far one: that stays behind it while its own tiles are made
  #waiting: (() => void) | null = null;
  #stale: { incidents: boolean; units: boolean; quiet?: boolean } = { incidents: false, units: false };
  #ended = new AbortController();
  #themes = new MutationObserver(() => this.#recolour());
  #resizes: ResizeObserver;

  constructor(options: CityMapOptions) {
    this.#options = options;
    this.gl = new GlMap({
      container: options.container,
      style: cityStyle(null, this.#colours, options.k),
      bounds: BEKASI,
      fitBoundsOptions: { padding: options.padding() },
      attributionControl: false,
      fadeDuration: 0,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      interactive: options.interactive,
      maxZoom: 18,
      minZoom: 8,
      trackResize: false,
    });
    this.#units = this.#newUnits();
    this.#sensors = new SensorLayer(this.gl, options.k, () => this.#colours);
    this.#resizes = new ResizeObserver(() => this.gl.resize());
    this.#resizes.observe(options.container);
    this.gl.on("style.load", () => this.#overlay());
    this.gl.on("click", (event) => this.#click(event));
    this.#themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    void this.#fetch();
  }

  remove(): void {
    this.#ended.abort();
    this.#themes.disconnect();
    this.#resizes.disconnect();
    this.gl.remove();
  }

  setIncidents(rows: Iterable<MapIncident>): void {
    this.#incidents = [...rows];
    this.#source("incidents")?.setData(this.#features());
  }

  setSensors(marks: readonly SensorMark[]): void {
    this.#sensors.set(marks);
  }

  /** Ground for which a public warning is in force; other agencies' (`own: false`), mostly wide, as a line only. */
  setWarned(shapes: readonly Warned[]): void {
    this.#warned = shapes;
    const features = shapes.map(({ geometry, own }): GeoJSON.Feature => ({ type: "Feature", properties: { own }, geometry }));
    this.#source("warned")?.setData({ type: "FeatureCollection", features });
  }

  /** Dashed lines from crews to where they are going. */
  setLinks(pairs: readonly (readonly [LonLat, LonLat])[]): void {
    const features = pairs.map(([from, to]): GeoJSON.Feature => ({ type: "Feature", properties: null, geometry: { type: "LineString", coordinates: [[...from], [...to]] } }));
    this.#source("links")?.setData({ type: "FeatureCollection", features });
  }

  setUnits(rows: ReadonlyMap<string, Unit>, shown: (unit: Unit | undefined) => boolean = () => true): void {
    this.#rows = rows;
    this.#shown = shown;
    this.#show();
  }

  move(positions: readonly Position[]): void {
    const now = this.#clock();
    for (const [id, lon, lat, heading, , fixed] of positions)
      this.#tracks.set(id, move(this.#tracks.get(id), { id, where: [lon, lat], heading, fixed }, now, this.#options.smooth));
    this.#show();
  }

  /** Where a vehicle stands on the map at this moment. */
  unitPlace(id: number): LonLat | null {
    const track = this.#tracks.get(id);
    return track ? place(track, this.#clock()) : null;
  }

  project(where: LonLat): { x: number; y: number } {
    return this.gl.project([where[0], where[1]]);
  }

  /** The whole city, beside what covers the map. */
  showCity(): void {
    this.#waiting = null;
    this.#go(this.#box, 13);
  }

  /** These places together, not nearer than `zoom`. */
  showPlaces(places: readonly LonLat[], zoom = 15): void {
    if (!this.#drawn) {
      this.showCity();
      this.#waiting = () => this.showPlaces(places, zoom);
      return;
    }
    const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
    for (const [lon, lat] of places) {
      box[0] = Math.min(box[0], lon);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lon);
      box[3] = Math.max(box[3], lat);
    }
    if (places.length) this.#go(box, zoom);
  }

  /** Shade kecamatan, code → 0…1; an empty map takes the shade away. */
  shade(shares: ReadonlyMap<string, number>): void {
    if (!this.gl.getLayer("shade")) return;
    const steps = [...shares].flatMap(([code, share]) => [code, 0.02 + share * 0.3]);
    const opacity = steps.length ? (["match", ["get", "code"], ...steps, 0] as unknown as ExpressionSpecification) : 0;
    this.gl.setPaintProperty("shade", "fill-opacity", opacity);
  }

  /** Let what is no longer sure step back, and nothing else. */
  setStale(stale: { incidents: boolean; units: boolean; quiet?: boolean }): void {
    this.#stale = stale;
    this.#units.dim(stale.quiet ? 0.25 : stale.units ? 0.4 : 1);
    if (this.gl.getLayer("incidents")) this.gl.setPaintProperty("incidents", "icon-opacity", stale.quiet ? 0.22 : stale.incidents ? 0.45 : 1);
    if (this.gl.getLayer("links")) this.gl.setPaintProperty("links", "line-opacity", stale.quiet ? 0 : 0.75);
  }

  select(incident: number | null): void {
    if (this.gl.getLayer("selected")) this.gl.setFilter("selected", ["==", ["get", "id"], incident ?? -1]);
  }

  #clock = (): number => performance.now() / 1000;

  #go(box: Bounds, maxZoom: number): void {
    const duration = this.#options.smooth && !matchMedia("(prefers-reduced-motion: reduce)").matches ? 2600 : 0;
    const camera = this.gl.cameraForBounds(box as LngLatBoundsLike, { padding: this.#options.padding(), maxZoom });
    if (camera) this.gl[duration ? "flyTo" : "jumpTo"]({ ...camera, duration, curve: 1.2, essential: false });
  }

  async #fetch(): Promise<void> {
    const layers = await fetchLayers(this.#options.layersUrl, this.#ended.signal);
    if (!layers) return;
    this.#layers = layers;
    this.#box = bounds(layers.areas.features) ?? BEKASI;
    this.gl.setStyle(cityStyle(layers, this.#colours, this.#options.k), { diff: false });
    this.gl.once("style.load", () => {
      this.#options.onReady?.(layers);
      this.gl.on("render", this.#look);
    });
  }

  /** Whether the city is drawn now; then what had to wait. */
  #look = (): void => {
    if (!this.gl.areTilesLoaded()) return;
    this.gl.off("render", this.#look);
    this.#drawn = true;
    this.#waiting?.();
    this.#waiting = null;
  };

  #recolour(): void {
    this.#colours = palette();
    this.#units = this.#newUnits();
    this.gl.setStyle(cityStyle(this.#layers, this.#colours, this.#options.k), { diff: false });
  }

  #newUnits(): UnitsLayer {
    const centre: LonLat = [(this.#box[0] + this.#box[2]) / 2, (this.#box[1] + this.#box[3]) / 2];
    return new UnitsLayer(centre, this.#colours, this.#options.k, this.#clock, this.#options.smooth);
  }

  #overlay(): void {
    const { k } = this.#options;
    for (const priority of PRIORITIES)
      for (const mark of MARKS) {
        const { image, pixelRatio } = drawMark(priority, mark, this.#colours, k);
        if (!this.gl.hasImage(`${priority}-${mark}`)) this.gl.addImage(`${priority}-${mark}`, image, { pixelRatio });
      }
    this.gl.addSource("warned", { type: "geojson", data: NOTHING });
    const hatch = drawHatch(this.#colours, k);
    if (!this.gl.hasImage("hatch")) this.gl.addImage("hatch", hatch.image, { pixelRatio: hatch.pixelRatio });
    this.gl.addLayer({ id: "warned", type: "fill", source: "warned", filter: ["get", "own"], paint: { "fill-pattern": "hatch", "fill-opacity": 0.45 } });
    this.gl.addLayer({ id: "warned-gap", type: "line", source: "warned", paint: { "line-color": this.#colours.outside, "line-width": 7 * k } });
    this.gl.addLayer({ id: "warned-edge", type: "line", source: "warned", paint: { "line-color": this.#colours.priority.P1, "line-width": 3.2 * k } });
    this.setWarned(this.#warned);
    this.gl.addSource("incidents", { type: "geojson", data: this.#features() });
    this.gl.addLayer({ id: "selected", type: "circle", source: "incidents", filter: ["==", ["get", "id"], -1], paint: { "circle-radius": 26 * k, "circle-color": this.#colours.labelStrong, "circle-opacity": 0.16, "circle-stroke-color": this.#colours.labelStrong, "circle-stroke-width": 2 * k } });
    this.gl.addSource("links", { type: "geojson", data: NOTHING });
    this.gl.addLayer({ id: "links", type: "line", source: "links", paint: { "line-color": this.#colours.unitBusy, "line-width": 1.6 * k, "line-dasharray": [2, 2.5], "line-opacity": 0.75 } });
    this.#sensors.overlay();
    if (this.gl.getLayer("units")) this.gl.removeLayer("units");
    this.gl.addLayer(this.#units);
    this.gl.addLayer({
      id: "incidents",
      type: "symbol",
      source: "incidents",
      layout: { "icon-image": ["get", "mark"], "icon-allow-overlap": true, "icon-padding": 0, "icon-size": ["interpolate", ["linear"], ["zoom"], 10, ["*", 0.72, ["get", "size"]], 14, ["get", "size"]], "symbol-sort-key": ["get", "rank"] },
    });
    this.#show();
    this.setStale(this.#stale);
  }

  #features(): GeoJSON.FeatureCollection {
    if (!this.#incidents.length) return NOTHING;
    const rank = (row: MapIncident): number => 4 - Number(row.priority.slice(1)) + (markName(row.priority, row.state as State).endsWith("done") ? -3 : 0);
    const features = this.#incidents.map((row): GeoJSON.Feature => ({
      type: "Feature",
      properties: { id: row.id, mark: markName(row.priority, row.state), rank: rank(row), size: { P1: 1, P2: 0.86, P3: 0.7 }[row.priority] },
      geometry: { type: "Point", coordinates: [row.lon, row.lat] },
    }));
    return { type: "FeatureCollection", features };
  }

  #source(id: string): GeoJSONSource | undefined {
    return this.gl.getSource(id) as GeoJSONSource | undefined;
  }

  #show(): void {
    this.#units.show(this.#tracks, (id) => {
      const row = this.#rows.get(String(id));
      return { busy: row?.state === "assigned", hidden: !this.#shown(row) };
    });
  }

  #click(event: MapMouseEvent): void {
    if (!this.#options.onSelect) return;
    const [x, y] = [event.point.x, event.point.y];
    const reach = HIT_PX * this.#options.k;
    const box: [[number, number], [number, number]] = [[x - reach / 2, y - reach / 2], [x + reach / 2, y + reach / 2]];
    const hit = this.gl.getLayer("incidents") ? this.gl.queryRenderedFeatures(box, { layers: ["incidents"] })[0] : undefined;
    if (hit) this.#options.onSelect({ incident: Number(hit.properties["id"]) });
    else this.#options.onSelect(this.#unitAt(x, y, reach));
  }

  #unitAt(x: number, y: number, reach: number): { unit: number } | null {
    const near = [...this.#tracks.keys()].map((id) => {
      const at = this.project(this.unitPlace(id) ?? [0, 0]);
      return { id, far: Math.hypot(at.x - x, at.y - y) };
    });
    const nearest = near.filter(({ far }) => far <= reach).sort((a, b) => a.far - b.far)[0];
    return nearest ? { unit: nearest.id } : null;
  }
}

