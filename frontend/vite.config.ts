import { svelte } from "@sveltejs/vite-plugin-svelte";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { messages } from "./messages.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: "./", // every address is relative to the file that names it: works under any STATIC_URL
  publicDir: false,
  plugins: [svelte(), messages(here("src"))],
  build: {
    outDir: here("../src/patriot/site/static/built"),
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0, // no data: addresses, the content security policy allows none for fonts
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500, // MapLibre
    rolldownOptions: {
      input: {
        base: here("src/base.ts"),
        wall: here("src/wall/main.ts"),
        "console-map": here("src/console/main.ts"),
        report: here("src/report/main.ts"),
        follow: here("src/follow/main.ts"),
        work: here("src/work/main.ts"),
        alarms: here("src/alarms/main.ts"),
        station: here("src/station/main.ts"),
        field: here("src/field/main.ts"),
        "field-worker": here("src/field/worker.ts"),
        warning: here("src/warning/main.ts"),
        alerts: here("src/alerts/main.ts"),
        "alerts-worker": here("src/alerts/worker.ts"),
      },
      output: {
        entryFileNames: "[name]-[hash].js",
        chunkFileNames: "[name]-[hash].js",
        // A server that does not know .mjs would hand MapLibre's worker out as plain text.
        assetFileNames: (asset) =>
          asset.names.some((name) => name.endsWith(".mjs")) ? "maplibre-worker-[hash].js" : "[name]-[hash][extname]",
      },
    },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
