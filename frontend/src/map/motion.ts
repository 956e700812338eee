/** How a vehicle moves between two fixes, and the trail it leaves. Pure: times are handed in, seconds. */

export type LonLat = readonly [number, number];

export interface Track {
  id: number;
  from: LonLat;
  to: LonLat;
  /** The movement's beginning and end, seconds on the caller's clock. */
  begins: number;
  ends: number;
  headingFrom: number | null;
  headingTo: number | null;
  /** When the last fix came, seconds on the caller's clock. */
  heard: number;
  /** The fix's own time, epoch in ms: an older one is not shown. */
  fixed: number;
  trail: { at: number; where: LonLat }[];
}

const TRAIL_S = 180;
const TRAIL_POINTS = 40;
const FARTHEST_GLIDE_M = 1500; // farther than that it is a new start, not a drive
const SLOWEST_S = 2; // a fix is shown within two seconds, however rarely they come

/** Metres between two positions close to each other. */
export function metres(a: LonLat, b: LonLat): number {
  const east = (b[0] - a[0]) * 111_320 * Math.cos((a[1] * Math.PI) / 180);
  return Math.hypot(east, (b[1] - a[1]) * 110_574);
}

export function progress(track: Track, now: number): number {
  if (now >= track.ends || track.ends <= track.begins) return 1;
  return Math.max(0, (now - track.begins) / (track.ends - track.begins));
}

export function place(track: Track, now: number): LonLat {
  const p = progress(track, now);
  return [track.from[0] + (track.to[0] - track.from[0]) * p, track.from[1] + (track.to[1] - track.from[1]) * p];
}

/** `to` as the angle nearest to `from`, so that 350° → 10° turns by 20°. */
export function nearestAngle(from: number, to: number): number {
  return from + ((((to - from) % 360) + 540) % 360) - 180;
}

/** The track after a fix. `glide` false: it stands at the new place at once. */
export function move(track: Track | undefined, fix: { id: number; where: LonLat; heading: number | null; fixed: number }, now: number, glide: boolean): Track {
  if (!track) return { id: fix.id, from: fix.where, to: fix.where, begins: now, ends: now, headingFrom: fix.heading, headingTo: fix.heading, heard: now, fixed: fix.fixed, trail: [{ at: now, where: fix.where }] };
  if (fix.fixed < track.fixed) return track;
  const from = place(track, now);
  const far = metres(from, fix.where) > FARTHEST_GLIDE_M;
  const heading = fix.heading ?? track.headingTo;
  return {
    ...track,
    from: far || !glide ? fix.where : from,
    to: fix.where,
    begins: now,
    ends: far || !glide ? now : now + Math.min(SLOWEST_S, Math.max(0.5, now - track.heard)),
    headingFrom: track.headingTo ?? heading,
    headingTo: heading === null || track.headingTo === null ? heading : nearestAngle(track.headingTo, heading),
    heard: now,
    fixed: fix.fixed,
    trail: far ? [{ at: now, where: fix.where }] : lengthen(track.trail, fix.where, now),
  };
}

function lengthen(trail: Track["trail"], where: LonLat, now: number): Track["trail"] {
  const last = trail.at(-1);
  if (last && metres(last.where, where) < 4) return trail;
  return [...trail, { at: now, where }].filter((point) => now - point.at <= TRAIL_S).slice(-TRAIL_POINTS);
}

/** How much of a trail's point is left at `now`, 1 fresh to 0 gone. */
export function freshness(at: number, now: number): number {
  return Math.max(0, 1 - (now - at) / TRAIL_S);
}
