/** The screen the wall stands on: how wide a rem is there, as wall.css has it, and whether all lies one below the other. */
export class Screen {
  #width = $state(innerWidth);
  readonly rem = $derived(Math.min(64, Math.max(12, this.#width / 120)));
  readonly narrow = $derived(this.#width <= 960);

  constructor() {
    addEventListener("resize", () => (this.#width = innerWidth));
  }

  /** A measured height in rem; without end where the page scrolls. */
  high(pixels: number): number {
    return this.narrow ? Infinity : pixels / this.rem;
  }
}

export const screen = new Screen();
