/**
 * Vehicles and their trails: one custom MapLibre layer. Places are uploaded when a fix comes; between two fixes the
 * vertex shader moves them, so that a thousand vehicles cost the processor nothing per frame.
 */
import { MercatorCoordinate, type CustomLayerInterface, type CustomRenderMethodInput, type Map as GlMap } from "maplibre-gl";
import { freshness, type LonLat, type Track } from "./motion";
import { rgb, type Palette } from "./palette";

const HEAD = `#version 300 es
precision highp float;
uniform mat4 u_matrix;
uniform vec2 u_viewport;
uniform float u_now;
float part(vec2 when) { return when.y <= when.x ? 1.0 : clamp((u_now - when.x) / (when.y - when.x), 0.0, 1.0); }
`;

const UNIT_VERTEX = `${HEAD}
in vec2 a_corner; in vec4 a_path; in vec2 a_when; in vec2 a_heading; in vec4 a_colour; in float a_size;
out vec2 v_at; out vec4 v_colour; flat out float v_arrow;
void main() {
  float p = part(a_when);
  vec4 where = u_matrix * vec4(mix(a_path.xy, a_path.zw, p), 0.0, 1.0);
  v_arrow = a_heading.x > -900.0 ? 1.0 : 0.0;
  float turn = v_arrow > 0.5 ? radians(mix(a_heading.x, a_heading.y, p)) : 0.0;
  vec2 turned = vec2(a_corner.x * cos(turn) + a_corner.y * sin(turn), a_corner.y * cos(turn) - a_corner.x * sin(turn));
  gl_Position = where + vec4(turned * a_size * 2.0 / u_viewport * where.w, 0.0, 0.0);
  v_at = a_corner; v_colour = a_colour;
}`;

const UNIT_FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 u_edge;
in vec2 v_at; in vec4 v_colour; flat in float v_arrow;
out vec4 colour;
float arrow(vec2 p) {
  p.x = abs(p.x);
  float side = dot(p - vec2(0.0, 0.78), normalize(vec2(1.36, 0.62)));
  float notch = -dot(p - vec2(0.0, -0.34), normalize(vec2(-0.34, 1.0)));
  return max(side, notch) + 0.04;
}
void main() {
  float far = v_arrow > 0.5 ? arrow(v_at) : length(v_at) - 0.42;
  float blur = fwidth(far);
  float body = 1.0 - smoothstep(-blur, blur, far);
  float edge = 1.0 - smoothstep(0.16 - blur, 0.16 + blur, far);
  if (edge <= 0.0) discard;
  vec3 tone = mix(u_edge, v_colour.rgb, body);
  colour = vec4(tone, 1.0) * edge * v_colour.a;
}`;

const TRAIL_VERTEX = `${HEAD}
in vec2 a_corner; in vec2 a_from; in vec4 a_path; in vec2 a_when; in vec2 a_fade; in vec3 a_colour;
uniform float u_width;
out vec4 v_colour;
void main() {
  vec4 from = u_matrix * vec4(a_from, 0.0, 1.0);
  vec4 to = u_matrix * vec4(mix(a_path.xy, a_path.zw, part(a_when)), 0.0, 1.0);
  vec2 along = (to.xy / to.w - from.xy / from.w) * u_viewport;
  float size = max(length(along), 1e-4);
  vec2 across = vec2(-along.y, along.x) / size * u_width / u_viewport;
  vec4 base = a_corner.x < 0.5 ? from : to;
  gl_Position = base + vec4(across * a_corner.y * base.w, 0.0, 0.0);
  v_colour = vec4(a_colour, 1.0) * mix(a_fade.x, a_fade.y, a_corner.x);
}`;

const TRAIL_FRAGMENT = `#version 300 es
precision mediump float;
in vec4 v_colour; out vec4 colour;
void main() { colour = v_colour; }`;

type Look = (id: number) => { busy: boolean; hidden: boolean };

interface Program {
  program: WebGLProgram;
  vao: WebGLVertexArrayObject;
  buffer: WebGLBuffer;
  corners: WebGLBuffer;
}

const UNIT_FLOATS = [["a_path", 4], ["a_when", 2], ["a_heading", 2], ["a_colour", 4], ["a_size", 1]] as const;
const TRAIL_FLOATS = [["a_from", 2], ["a_path", 4], ["a_when", 2], ["a_fade", 2], ["a_colour", 3]] as const;

export class UnitsLayer implements CustomLayerInterface {
  readonly id = "units";
  readonly type = "custom";
  readonly renderingMode = "2d";
  #map: GlMap | undefined;
  #units: Program | undefined;
  #trails: Program | undefined;
  #origin: MercatorCoordinate;
  #counts = { units: 0, trails: 0 };
  #moving = 0;
  #dirty = true;
  #tracks: ReadonlyMap<number, Track> = new Map();
  #strength = 1;
  #look: Look = () => ({ busy: false, hidden: false });

  constructor(
    centre: LonLat,
    private colours: Palette,
    private readonly k: number,
    private readonly clock: () => number,
    private readonly smooth: boolean,
  ) {
    this.#origin = MercatorCoordinate.fromLngLat([centre[0], centre[1]]);
  }

  /** Show these tracks from the next frame on. */
  show(tracks: ReadonlyMap<number, Track>, look: Look): void {
    this.#tracks = tracks;
    this.#look = look;
    this.#moving = Math.max(0, ...[...tracks.values()].map((track) => track.ends));
    this.#dirty = true;
    this.#map?.triggerRepaint();
  }

  /** How strongly vehicles are drawn, 0–1: less when their positions are stale. */
  dim(strength: number): void {
    this.#strength = strength;
    this.#dirty = true;
    this.#map?.triggerRepaint();
  }

  onAdd(map: GlMap, gl: WebGL2RenderingContext): void {
    this.#map = map;
    this.#units = program(gl, UNIT_VERTEX, UNIT_FRAGMENT, UNIT_FLOATS, [-1, -1, 1, -1, -1, 1, 1, 1]);
    this.#trails = program(gl, TRAIL_VERTEX, TRAIL_FRAGMENT, TRAIL_FLOATS, [0, -1, 1, -1, 0, 1, 1, 1]);
    this.#dirty = true;
  }

  onRemove(_map: GlMap, gl: WebGL2RenderingContext): void {
    for (const part of [this.#units, this.#trails]) {
      gl.deleteProgram(part?.program ?? null);
      gl.deleteBuffer(part?.buffer ?? null);
      gl.deleteBuffer(part?.corners ?? null);
      gl.deleteVertexArray(part?.vao ?? null);
    }
    this.#map = this.#units = this.#trails = undefined;
  }

  render(gl: WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    if (!this.#units || !this.#trails) return;
    if (this.#dirty) this.#upload(gl);
    const matrix = shifted(input.defaultProjectionData.mainMatrix as ArrayLike<number>, this.#origin.x, this.#origin.y);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    this.#draw(gl, this.#trails, matrix, this.#counts.trails, (p) => gl.uniform1f(gl.getUniformLocation(p, "u_width"), 3 * this.k * window.devicePixelRatio));
    this.#draw(gl, this.#units, matrix, this.#counts.units, (p) => gl.uniform3fv(gl.getUniformLocation(p, "u_edge"), rgb(this.colours.unitEdge)));
    gl.bindVertexArray(null);
    if (this.smooth && this.clock() < this.#moving) this.#map?.triggerRepaint();
  }

  #draw(gl: WebGL2RenderingContext, part: Program, matrix: Float32Array, count: number, more: (program: WebGLProgram) => void): void {
    if (!count) return;
    gl.useProgram(part.program);
    gl.bindVertexArray(part.vao);
    gl.uniformMatrix4fv(gl.getUniformLocation(part.program, "u_matrix"), false, matrix);
    gl.uniform2f(gl.getUniformLocation(part.program, "u_viewport"), gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.uniform1f(gl.getUniformLocation(part.program, "u_now"), this.clock());
    more(part.program);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
  }

  #upload(gl: WebGL2RenderingContext): void {
    const now = this.clock();
    const units: number[] = [];
    const trails: number[] = [];
    for (const track of this.#tracks.values()) {
      const look = this.#look(track.id);
      if (look.hidden) continue;
      const tone = rgb(look.busy ? this.colours.unitBusy : this.colours.unit);
      const path = [...this.#flat(track.from), ...this.#flat(track.to)];
      const when = [track.begins, track.ends];
      const heading = track.headingTo === null ? [-999, -999] : [track.headingFrom ?? track.headingTo, track.headingTo];
      const fresh = this.#strength * (now - track.heard > 60 ? 0.4 : 1);
      units.push(...path, ...when, ...heading, ...tone, fresh, (look.busy ? 17 : 11) * this.k * window.devicePixelRatio);
      this.#trail(trails, track, path, tone, (look.busy ? 0.9 : 0.38) * this.#strength, now);
    }
    this.#counts = { units: units.length / 13, trails: trails.length / 13 };
    fill(gl, this.#units as Program, units);
    fill(gl, this.#trails as Program, trails);
    this.#dirty = false;
  }

  #trail(out: number[], track: Track, path: number[], tone: number[], strength: number, now: number): void {
    const points = track.trail;
    for (let index = 0; index + 1 < points.length; index += 1) {
      const [a, b] = [points[index], points[index + 1]];
      if (!a || !b) continue;
      const isLast = index + 2 === points.length && b.where === track.to;
      const end = this.#flat(b.where);
      out.push(...this.#flat(a.where), ...(isLast ? path : [...end, ...end]), ...(isLast ? [track.begins, track.ends] : [0, 0]));
      out.push(freshness(a.at, now) * strength, freshness(b.at, now) * strength, ...tone);
    }
  }

  /** Mercator units from the layer's origin: small numbers keep a float's precision. */
  #flat([lon, lat]: LonLat): [number, number] {
    const point = MercatorCoordinate.fromLngLat([lon, lat]);
    return [point.x - this.#origin.x, point.y - this.#origin.y];
  }
}

/** `matrix` with its origin moved to (x, y), computed in double precision. */
function shifted(matrix: ArrayLike<number>, x: number, y: number): Float32Array {
  const m = Array.from(matrix);
  for (let row = 0; row < 4; row += 1) m[12 + row] = (m[row] ?? 0) * x + (m[4 + row] ?? 0) * y + (m[12 + row] ?? 0);
  return new Float32Array(m);
}

function fill(gl: WebGL2RenderingContext, part: Program, values: number[]): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, part.buffer);
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(values), gl.DYNAMIC_DRAW);
}

function shader(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const made = gl.createShader(type) as WebGLShader;
  gl.shaderSource(made, source);
  gl.compileShader(made);
  return made;
}

function program(gl: WebGL2RenderingContext, vertex: string, fragment: string, floats: readonly (readonly [string, number])[], corners: number[]): Program {
  const made = gl.createProgram();
  gl.attachShader(made, shader(gl, gl.VERTEX_SHADER, vertex));
  gl.attachShader(made, shader(gl, gl.FRAGMENT_SHADER, fragment));
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) ?? "shader");
  const part = { program: made, vao: gl.createVertexArray(), buffer: gl.createBuffer(), corners: gl.createBuffer() };
  gl.bindVertexArray(part.vao);
  gl.bindBuffer(gl.ARRAY_BUFFER, part.corners);
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(corners), gl.STATIC_DRAW);
  attribute(gl, made, "a_corner", 2, 8, 0, 0);
  gl.bindBuffer(gl.ARRAY_BUFFER, part.buffer);
  const stride = floats.reduce((sum, [, size]) => sum + size * 4, 0);
  floats.reduce((offset, [name, size]) => attribute(gl, made, name, size, stride, offset, 1), 0);
  gl.bindVertexArray(null);
  return part;
}

function attribute(gl: WebGL2RenderingContext, made: WebGLProgram, name: string, size: number, stride: number, offset: number, divisor: number): number {
  const place = gl.getAttribLocation(made, name);
  if (place >= 0) {
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, gl.FLOAT, false, stride, offset);
    gl.vertexAttribDivisor(place, divisor);
  }
  return offset + size * 4;
}
