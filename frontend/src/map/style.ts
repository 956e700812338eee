/** The base map's style: areas, water, streets by class, names. Sizes grow with the screen by `k`. */
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import { NOTHING, nameplates, type CityLayers } from "./layers";
import type { Palette } from "./palette";

const MEDIUM = ["Patriot Medium"];
const CLASS: ExpressionSpecification = ["coalesce", ["get", "class"], ["get", "kind"], "residential"];

interface StreetLook {
  id: string;
  classes: string[];
  from: number;
  width: [number, number, number]; // at zoom 11, 14, 17
  tone: keyof Palette["streets"];
}

const STREETS: StreetLook[] = [
  { id: "minor", classes: ["residential", "living_street", "unclassified", "service"], from: 12.6, width: [0.2, 1.2, 7], tone: "minor" },
  { id: "tertiary", classes: ["tertiary", "tertiary_link"], from: 10, width: [0.6, 2, 9], tone: "minor" },
  { id: "secondary", classes: ["secondary", "secondary_link"], from: 9, width: [1.2, 3, 12], tone: "secondary" },
  { id: "primary", classes: ["primary", "primary_link", "trunk", "trunk_link", "motorway_link"], from: 8, width: [1.8, 4, 15], tone: "primary" },
  { id: "motorway", classes: ["motorway"], from: 7, width: [2.4, 5, 18], tone: "motorway" },
];

function byZoom(values: [number, number, number], k: number): ExpressionSpecification {
  return ["interpolate", ["exponential", 1.4], ["zoom"], 11, values[0] * k, 14, values[1] * k, 17, values[2] * k];
}

function street(look: StreetLook, colours: Palette, k: number): LayerSpecification {
  return {
    id: `street-${look.id}`,
    type: "line",
    source: "streets",
    minzoom: look.from,
    filter: ["in", CLASS, ["literal", look.classes]],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colours.streets[look.tone], "line-width": byZoom(look.width, k) },
  };
}

function border(level: string, colour: string, width: number, from: number): LayerSpecification {
  const filter: ExpressionSpecification = ["==", ["get", "level"], level];
  return { id: `border-${level}`, type: "line", source: "areas", minzoom: from, filter, layout: { "line-join": "round" }, paint: { "line-color": colour, "line-width": width } };
}

function areaNames(level: string, font: string[], size: number, colour: string, halo: string, zooms: [number, number], k: number): LayerSpecification {
  return {
    id: `name-${level}`,
    type: "symbol",
    source: "names",
    minzoom: zooms[0],
    maxzoom: zooms[1],
    filter: ["==", ["get", "level"], level],
    layout: { "text-field": ["get", "name"], "text-font": font, "text-size": size * k, "text-max-width": 7, "text-letter-spacing": 0.03, "text-padding": 2 * k, "text-variable-anchor": ["center", "bottom", "top", "left", "right"], "text-radial-offset": 0.6 },
    paint: { "text-color": colour, "text-halo-color": halo, "text-halo-width": 1.6 * k },
  };
}

function streetNames(colours: Palette, k: number): LayerSpecification {
  return {
    id: "name-street",
    type: "symbol",
    source: "streets",
    minzoom: 12.8,
    filter: ["all", ["has", "name"], ["in", CLASS, ["literal", ["motorway", "trunk", "primary", "secondary", "tertiary"]]]],
    layout: { "symbol-placement": "line", "symbol-spacing": 420 * k, "text-field": ["get", "name"], "text-font": MEDIUM, "text-size": 15 * k, "text-padding": 12 * k },
    paint: { "text-color": colours.label, "text-halo-color": colours.halo, "text-halo-width": 1.6 * k },
  };
}

const FACILITY_FROM = 12.5;

function facilities(colours: Palette, k: number): LayerSpecification[] {
  const paint = { "circle-radius": 3 * k, "circle-color": colours.outside, "circle-stroke-color": colours.label, "circle-stroke-width": 1.4 * k };
  const layout = { "text-field": ["get", "name"], "text-font": MEDIUM, "text-size": 14 * k, "text-anchor": "left", "text-offset": [0.6, 0], "text-optional": true } as const;
  return [
    { id: "facility", type: "circle", source: "facilities", minzoom: FACILITY_FROM, paint },
    { id: "name-facility", type: "symbol", source: "facilities", minzoom: 13.6, layout: { ...layout, "text-field": ["get", "name"] as ExpressionSpecification, "text-offset": [0.6, 0] }, paint: { "text-color": colours.label, "text-halo-color": colours.halo, "text-halo-width": 1.4 * k } },
  ];
}

/** The whole style. `layers` null: only the ground; incidents and units are drawn all the same. */
export function cityStyle(layers: CityLayers | null, colours: Palette, k: number): StyleSpecification {
  const geojson = (data: GeoJSON.FeatureCollection | undefined) => ({ type: "geojson" as const, data: data ?? NOTHING, tolerance: 0.6 });
  const isDeepest: ExpressionSpecification = ["==", ["get", "level"], "kelurahan"];
  return {
    version: 8,
    sources: {
      areas: geojson(layers?.areas),
      names: geojson(layers ? nameplates(layers.areas) : NOTHING),
      grounds: geojson(layers?.grounds),
      waterways: geojson(layers?.waterways),
      streets: geojson(layers?.streets),
      facilities: geojson(layers?.facilities),
    },
    layers: [
      { id: "outside", type: "background", paint: { "background-color": colours.outside } },
      { id: "area", type: "fill", source: "areas", filter: isDeepest, paint: { "fill-color": colours.area, "fill-antialias": false } },
      { id: "shade", type: "fill", source: "areas", filter: ["==", ["get", "level"], "kecamatan"], paint: { "fill-color": colours.labelStrong, "fill-opacity": 0 } },
      { id: "ground", type: "fill", source: "grounds", paint: { "fill-color": colours.park } },
      { id: "water", type: "line", source: "waterways", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colours.water, "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 11, ["case", ["==", ["get", "kind"], "river"], 3 * k, 1.4 * k], 16, ["case", ["==", ["get", "kind"], "river"], 22 * k, 8 * k]] } },
      border("kelurahan", colours.border, 1 * k, 10),
      ...STREETS.map((look) => street(look, colours, k)),
      { id: "rail", type: "line", source: "streets", minzoom: 11, filter: ["==", CLASS, "rail"], paint: { "line-color": colours.borderStrong, "line-width": 1.2 * k, "line-dasharray": [4, 3] } },
      border("kecamatan", colours.borderStrong, 1.3 * k, 8),
      ...facilities(colours, k),
      streetNames(colours, k),
      areaNames("kelurahan", MEDIUM, 16, colours.label, colours.halo, [12.6, 16], k),
      areaNames("kecamatan", MEDIUM, 18, colours.label, colours.halo, [9, 13.2], k),
    ],
  };
}
