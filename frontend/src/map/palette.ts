/** The map's colours. Grey ground; the only colours on it are those of what needs a person, and of a crew on its way. */
export interface Palette {
  outside: string;
  area: string;
  border: string;
  borderStrong: string;
  water: string;
  park: string;
  streets: { motorway: string; primary: string; secondary: string; minor: string };
  label: string;
  labelStrong: string;
  halo: string;
  priority: Record<"P1" | "P2" | "P3", string>;
  onPriority: string;
  done: string;
  unit: string;
  unitBusy: string;
  unitEdge: string;
}

const dark: Palette = {
  outside: "#080a0c",
  area: "#161c23",
  border: "#20272f",
  borderStrong: "#414b57",
  water: "#1f3a50",
  park: "#15251e",
  streets: { motorway: "#56616e", primary: "#465059", secondary: "#37404a", minor: "#252c34" },
  label: "#8e99a5",
  labelStrong: "#c3cbd3",
  halo: "#0b0e12",
  priority: { P1: "#ff5c5c", P2: "#f5b042", P3: "#b1b9c2" },
  onPriority: "#0b0d10",
  done: "#5fd394",
  unit: "#7f8b98",
  unitBusy: "#7db2ff",
  unitEdge: "#090b0e",
};

const light: Palette = {
  outside: "#e9ebee",
  area: "#f7f8f9",
  border: "#e1e4e8",
  borderStrong: "#b9c0c8",
  water: "#c3d9ea",
  park: "#e4efe6",
  streets: { motorway: "#97a1ac", primary: "#aeb6bf", secondary: "#c2c9d0", minor: "#d4d9de" },
  label: "#59636e",
  labelStrong: "#2b3138",
  halo: "#f7f8f9",
  priority: { P1: "#c4202b", P2: "#a15c00", P3: "#4d5660" },
  onPriority: "#ffffff",
  done: "#1a6f45",
  unit: "#66717d",
  unitBusy: "#1660cf",
  unitEdge: "#ffffff",
};

/** The palette of the page's theme, chosen or the system's. */
export function palette(): Palette {
  const chosen = document.documentElement.dataset["theme"];
  const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  return isDark ? dark : light;
}

/** `#rrggbb` as three numbers 0–1, for shaders. */
export function rgb(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
