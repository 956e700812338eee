/** Sensors on the map: a round mark with a letter while all is well, the priorities' shapes when it is not. */
import type { GeoJSONSource, Map as GlMap } from "maplibre-gl";
import type { Priority } from "../wall/types";
import type { Palette } from "./palette";

export interface SensorMark {
  id: string;
  lon: number;
  lat: number;
  /** null: nothing abnormal. */
  tone: Priority | null;
  letter: string;
  /** Shown beside it; "" for none. */
  words: string;
  /** It has said nothing for too long. */
  stale: boolean;
}

const BOX = 40;

function outline(context: CanvasRenderingContext2D, tone: Priority | null, c: number, r: number): void {
  context.beginPath();
  if (tone === "P1") for (const [x, y] of [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]] as const) context.lineTo(c + x * r, c + y * r);
  else if (tone === "P2") for (const [x, y] of [[0, -1.2], [1.2, 0.9], [-1.2, 0.9]] as const) context.lineTo(c + x * r, c + y * r);
  else if (tone === "P3") context.roundRect(c - r * 0.88, c - r * 0.88, r * 1.76, r * 1.76, r * 0.2);
  else context.arc(c, c, r * 0.86, 0, Math.PI * 2);
  context.closePath();
}

function draw(mark: SensorMark, colours: Palette, k: number): { image: ImageData; pixelRatio: number } {
  const ratio = Math.min(3, Math.max(1, window.devicePixelRatio));
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.round(BOX * k * ratio);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(k * ratio, k * ratio);
  const tone = mark.tone ? colours.priority[mark.tone] : colours.unit;
  context.lineJoin = "round";
  outline(context, mark.tone, BOX / 2, mark.tone ? 14 : 12);
  context.strokeStyle = colours.outside;
  context.lineWidth = 6;
  context.stroke();
  context.fillStyle = mark.tone && !mark.stale ? tone : colours.outside;
  context.fill();
  context.strokeStyle = tone;
  context.lineWidth = 2.5;
  if (mark.stale) context.setLineDash([3, 3]);
  context.stroke();
  context.fillStyle = mark.tone && !mark.stale ? colours.onPriority : tone;
  context.font = "720 16px 'Inter Variable', sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(mark.letter, BOX / 2, BOX / 2 + (mark.tone === "P2" ? 3 : 1));
  return { image: context.getImageData(0, 0, canvas.width, canvas.height), pixelRatio: ratio };
}

function imageOf(mark: SensorMark): string {
  return `sensor-${mark.tone ?? "ok"}-${mark.letter}-${mark.stale ? "stale" : "live"}`;
}

/** The layer itself: what `CityMap` adds above the streets and below the incidents. */
export class SensorLayer {
  #marks: readonly SensorMark[] = [];

  constructor(
    private readonly gl: GlMap,
    private readonly k: number,
    private readonly colours: () => Palette,
  ) {}

  set(marks: readonly SensorMark[]): void {
    this.#marks = marks;
    const source = this.gl.getSource("sensors") as GeoJSONSource | undefined;
    if (!source) return;
    this.#images();
    source.setData(this.#features());
  }

  /** Add source and layers to a style that has just been loaded. */
  overlay(): void {
    const { k } = this;
    const colours = this.colours();
    this.#images();
    this.gl.addSource("sensors", { type: "geojson", data: this.#features() });
    this.gl.addLayer({
      id: "sensors",
      type: "symbol",
      source: "sensors",
      layout: {
        "icon-image": ["get", "image"],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "icon-size": ["case", ["get", "quiet"], 0.8, 1],
        "symbol-sort-key": ["get", "rank"],
        "text-field": ["get", "words"],
        "text-font": ["Patriot Medium"],
        "text-size": 18 * k,
        "text-variable-anchor": ["left", "right", "top", "bottom"],
        "text-radial-offset": 1.1,
        "text-optional": true,
        "text-padding": 2 * k,
      },
      paint: { "text-color": ["case", ["get", "quiet"], colours.label, colours.labelStrong], "text-halo-color": colours.halo, "text-halo-width": 1.6 * k },
    });
  }

  #images(): void {
    for (const mark of this.#marks) {
      const name = imageOf(mark);
      if (this.gl.hasImage(name)) continue;
      const { image, pixelRatio } = draw(mark, this.colours(), this.k);
      this.gl.addImage(name, image, { pixelRatio });
    }
  }

  #features(): GeoJSON.FeatureCollection {
    const features = this.#marks.map((mark): GeoJSON.Feature => ({
      type: "Feature",
      properties: { id: mark.id, image: imageOf(mark), words: mark.words, quiet: mark.tone === null, rank: mark.tone ? 4 - Number(mark.tone.slice(1)) : 0 },
      geometry: { type: "Point", coordinates: [mark.lon, mark.lat] },
    }));
    return { type: "FeatureCollection", features };
  }
}
