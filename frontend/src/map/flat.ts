/** The plain map for browsers without WebGL: the same layers as SVG paths in one flat projection. Pure. */
import type { Feature, Position } from "geojson";
import type { Bounds } from "./layers";

export const WIDTH = 1000;

export interface Projection {
  height: number;
  at(lon: number, lat: number): [number, number];
}

/** Equirectangular, true in shape at the middle latitude of `box`; WIDTH units wide. */
export function projection(box: Bounds): Projection {
  const squeeze = Math.cos((((box[1] + box[3]) / 2) * Math.PI) / 180);
  const scale = WIDTH / ((box[2] - box[0]) * squeeze);
  return {
    height: (box[3] - box[1]) * scale,
    at: (lon, lat) => [(lon - box[0]) * squeeze * scale, (box[3] - lat) * scale],
  };
}

function line(points: readonly Position[], p: Projection): string {
  return points.map(([lon = 0, lat = 0], index) => `${index ? "L" : "M"}${p.at(lon, lat).map((n) => n.toFixed(1)).join(" ")}`).join("");
}

/** An SVG path for a feature's lines or rings; an empty string for points. */
export function path(feature: Feature, p: Projection): string {
  const shape = feature.geometry;
  switch (shape?.type) {
    case "LineString":
      return line(shape.coordinates, p);
    case "MultiLineString":
      return shape.coordinates.map((part) => line(part, p)).join("");
    case "Polygon":
      return shape.coordinates.map((ring) => `${line(ring, p)}Z`).join("");
    case "MultiPolygon":
      return shape.coordinates.flatMap((polygon) => polygon.map((ring) => `${line(ring, p)}Z`)).join("");
    default:
      return "";
  }
}
