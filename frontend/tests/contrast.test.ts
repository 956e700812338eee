/** WCAG 2.2 AA for every pair of colours that the styles put together: text 4.5 : 1, the edges of controls 3 : 1. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("../src/styles/tokens.css", import.meta.url), "utf8");

function theme(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(`\n${selector} {`)).split("}")[0] ?? "";
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const TEXT: [string, string[]][] = [
  ["ink", ["ground", "surface", "surface-2", "sunken", "p3-soft", "p1-soft", "p2-soft", "good-soft", "info-soft"]],
  ["ink-2", ["ground", "surface", "surface-2", "sunken", "p3-soft"]],
  ["ink-3", ["ground", "surface", "surface-2"]],
  ["ink-inverse", ["ink"]],
  ["p1", ["ground", "surface", "surface-2", "p1-soft"]],
  ["p2", ["ground", "surface", "surface-2", "p2-soft"]],
  ["good", ["ground", "surface", "surface-2", "good-soft"]],
  ["info", ["surface", "surface-2", "info-soft"]],
  ["sim", ["surface", "sim-soft"]],
];

describe.each([":root", ':root[data-theme="dark"]'])("in %s", (selector) => {
  const colours = theme(selector);
  const pairs = TEXT.flatMap(([ink, grounds]) => grounds.map((ground) => [ink, ground] as const));

  it.each(pairs)("%s is read on %s", (ink, ground) => {
    expect(contrast(colours.get(ink) ?? "", colours.get(ground) ?? "")).toBeGreaterThanOrEqual(4.5);
  });

  it.each([["line-strong", "surface"], ["focus", "surface"], ["focus", "ground"]])("%s is seen on %s", (edge, ground) => {
    expect(contrast(colours.get(edge) ?? "", colours.get(ground) ?? "")).toBeGreaterThanOrEqual(3);
  });
});

it("has one dark theme, written twice", () => {
  const bySystem = css.slice(css.indexOf("@media (prefers-color-scheme: dark)"), css.indexOf("/* The same once more"));
  for (const [name, value] of theme(':root[data-theme="dark"]')) expect(bySystem).toContain(`--${name}: ${value};`);
});
