/** Collects the source strings of every `t("…")` under src/ into built/messages.json, for Django to translate. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const CALL = /\bt\(\s*"((?:[^"\\]|\\.)+)"/g;

export function collect(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|svelte)$/.test(name));
  const found = files.flatMap((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    return [...text.matchAll(CALL)].map((match) => JSON.parse(`"${match[1]}"`) as string);
  });
  return [...new Set(found)].sort();
}

export function messages(folder: string): Plugin {
  return {
    name: "patriot-messages",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "messages.json", source: JSON.stringify(collect(folder), null, 1) });
    },
  };
}
