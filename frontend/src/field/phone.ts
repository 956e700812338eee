/** The phone's own position, sent while a crew has something to do: every ten seconds, kept while offline. */
import { recall, remember } from "./keep";
import { post } from "./send";

interface Fix {
  lon: number;
  lat: number;
  at: string;
  speed_kmh: number | null;
  heading: number | null;
  accuracy_m: number | null;
}

const KEPT = "positions";
const MOST = 500;
const EVERY_MS = 10_000;
const MS_KMH = 3.6;

export function toFix(position: GeolocationPosition): Fix {
  const { longitude, latitude, speed, heading, accuracy } = position.coords;
  return {
    lon: longitude,
    lat: latitude,
    at: new Date(position.timestamp).toISOString(),
    speed_kmh: speed === null || Number.isNaN(speed) ? null : speed * MS_KMH,
    heading: heading === null || Number.isNaN(heading) ? null : heading,
    accuracy_m: accuracy,
  };
}

let watch: number | undefined;
let fixes: Fix[] = [];
let sentAt = 0;

async function send(): Promise<void> {
  const batch = fixes;
  fixes = [];
  try {
    const answer = await post("/positions", batch);
    if (answer.status < 500) return; // stored, or refused for good
  } catch {
    // no connection
  }
  fixes = [...batch, ...fixes].slice(-MOST);
  await remember(KEPT, fixes);
}

/** Follow the phone; `onmove` hears every fix. Does nothing where the phone has no position. */
export async function follow(onmove: (lon: number, lat: number) => void): Promise<void> {
  if (watch !== undefined || !("geolocation" in navigator)) return;
  fixes = (await recall<Fix[]>(KEPT)) ?? [];
  watch = navigator.geolocation.watchPosition(
    (position) => {
      const fix = toFix(position);
      onmove(fix.lon, fix.lat);
      fixes.push(fix);
      if (Date.now() - sentAt < EVERY_MS) return;
      sentAt = Date.now();
      void send();
    },
    () => undefined,
    { enableHighAccuracy: true, maximumAge: 5000 },
  );
}

export function rest(): void {
  if (watch !== undefined) navigator.geolocation.clearWatch(watch);
  watch = undefined;
}
