/** Motion for people who want it: `ms`, or nothing when the system asks for less. */
export function calm(ms: number): number {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms;
}
