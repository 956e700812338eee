/** What is drawn for the map: an incident's mark, by priority and by whether a crew works on it; a warned area's hatching. */
import type { Priority, State } from "../wall/types";
import type { Palette } from "./palette";

export type Mark = "open" | "busy" | "done";

export type Picture = { image: ImageData; pixelRatio: number };

const BOX = 48; // a mark's side at k = 1, in CSS pixels
const HATCH = 16; // the side of the hatching's tile; its lines meet those of the next

export function markOf(state: State): Mark {
  if (state === "resolved" || state === "closed") return "done";
  return state === "in_progress" || state === "coordinated" ? "busy" : "open";
}

export function markName(priority: Priority, state: State): string {
  return `${priority}-${markOf(state)}`;
}

function outline(context: CanvasRenderingContext2D, priority: Priority, c: number, r: number): void {
  context.beginPath();
  if (priority === "P1") for (const [x, y] of [[0, -1.16], [1.16, 0], [0, 1.16], [-1.16, 0]] as const) context.lineTo(c + x * r, c + y * r);
  else if (priority === "P2") for (const [x, y] of [[0, -1.1], [1.14, 0.86], [-1.14, 0.86]] as const) context.lineTo(c + x * r, c + y * r);
  else context.roundRect(c - r * 0.84, c - r * 0.84, r * 1.68, r * 1.68, r * 0.2);
  context.closePath();
}

function draw(side: number, k: number, paint: (context: CanvasRenderingContext2D) => void): Picture {
  const ratio = Math.min(3, Math.max(1, window.devicePixelRatio));
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.round(side * k * ratio);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(canvas.width / side, canvas.width / side);
  paint(context);
  return { image: context.getImageData(0, 0, canvas.width, canvas.height), pixelRatio: ratio };
}

/** The tile that fills a warned area: lines instead of a flat colour, so that streets and marks stay readable below. */
export function drawHatch(colours: Palette, k: number): Picture {
  return draw(HATCH, k, (context) => {
    context.strokeStyle = colours.priority.P1;
    context.lineWidth = 2.5;
    for (const x of [-HATCH, 0, HATCH]) {
      context.moveTo(x - 4, HATCH + 4);
      context.lineTo(x + HATCH + 4, -4);
    }
    context.stroke();
  });
}

/** One mark as pixels, for MapLibre's `addImage`. */
export function drawMark(priority: Priority, mark: Mark, colours: Palette, k: number): Picture {
  return draw(BOX, k, (context) => paintMark(context, priority, mark, colours));
}

function paintMark(context: CanvasRenderingContext2D, priority: Priority, mark: Mark, colours: Palette): void {
  const tone = mark === "done" ? colours.done : colours.priority[priority];
  context.lineJoin = "round";
  outline(context, priority, BOX / 2, 15);
  context.strokeStyle = colours.outside;
  context.lineWidth = 7;
  context.stroke();
  context.fillStyle = mark === "open" ? tone : colours.outside;
  context.fill();
  context.strokeStyle = tone;
  context.lineWidth = 3;
  context.stroke();
  context.fillStyle = mark === "open" ? colours.onPriority : tone;
  context.font = "750 18px 'Inter Variable', sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(mark === "done" ? "✓" : priority.slice(1), BOX / 2, BOX / 2 + (priority === "P2" ? 3.5 : 1));
}
