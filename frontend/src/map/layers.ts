/** `GET /places/map.json`: the city's own lines and areas, and what can be computed from them. */
import type { Feature, FeatureCollection, Geometry, MultiPolygon, Polygon, Position } from "geojson";

export interface CityLayers {
  areas: FeatureCollection;
  streets: FeatureCollection;
  waterways: FeatureCollection;
  facilities?: FeatureCollection;
  grounds?: FeatureCollection;
  /** Words owed to where the lines come from. */
  attribution?: string;
  indicative?: boolean;
}

export const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

export type Bounds = [west: number, south: number, east: number, north: number];

function* positions(geometry: Geometry): Generator<Position> {
  if (geometry.type === "GeometryCollection") for (const part of geometry.geometries) yield* positions(part);
  else yield* walk(geometry.coordinates as unknown[]);
}

function* walk(coordinates: unknown[]): Generator<Position> {
  if (typeof coordinates[0] === "number") yield coordinates as Position;
  else for (const part of coordinates) yield* walk(part as unknown[]);
}

/** The box around all features; null when there is nothing. */
export function bounds(features: readonly Feature[]): Bounds | null {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const feature of features)
    for (const [lon = 0, lat = 0] of feature.geometry ? positions(feature.geometry) : []) {
      box[0] = Math.min(box[0], lon);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lon);
      box[3] = Math.max(box[3], lat);
    }
  return box[0] === Infinity ? null : box;
}

function ringMoments(ring: readonly Position[]): { area: number; x: number; y: number } {
  let [area, x, y] = [0, 0, 0];
  ring.forEach(([ax = 0, ay = 0], index) => {
    const [bx = 0, by = 0] = ring[(index + 1) % ring.length] ?? [];
    const cross = ax * by - bx * ay;
    area += cross / 2;
    x += ((ax + bx) * cross) / 6;
    y += ((ay + by) * cross) / 6;
  });
  return { area, x, y };
}

/** The middle of the largest ring, where a name reads best; null for what is no area. */
export function middle(geometry: Geometry): Position | null {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
  const rings = polygons.map((polygon) => ringMoments(polygon[0] ?? []));
  const largest = rings.sort((a, b) => Math.abs(b.area) - Math.abs(a.area))[0];
  return largest?.area ? [largest.x / largest.area, largest.y / largest.area] : null;
}

/** One point with the name of every area: labels by polygon would come once for each tile. */
export function nameplates(areas: FeatureCollection): FeatureCollection {
  const features = areas.features.flatMap((feature): Feature[] => {
    const where = feature.geometry && middle(feature.geometry);
    return where ? [{ type: "Feature", properties: feature.properties, geometry: { type: "Point", coordinates: where } }] : [];
  });
  return { type: "FeatureCollection", features };
}

export function ofLevel(areas: FeatureCollection, level: string): Feature<Polygon | MultiPolygon>[] {
  return areas.features.filter((feature) => feature.properties?.["level"] === level) as Feature<Polygon | MultiPolygon>[];
}

/** Fetch the layers, again and again until they come. `signal` ends it. */
export async function fetchLayers(url: string, signal: AbortSignal): Promise<CityLayers | null> {
  for (let wait = 1000; !signal.aborted; wait = Math.min(wait * 2, 15_000)) {
    try {
      const answer = await fetch(url, { signal });
      if (answer.ok) return (await answer.json()) as CityLayers;
    } catch {
      // Away for now: the next round asks again.
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return null;
}
