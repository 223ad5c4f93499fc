/** How fast something goes lately. */

/** A rate over the last minute says more of the time left than one since the start: workers come and go. */
const windowMs = 60_000;

export class RateMeter {
  readonly #samples: { at: number; done: number }[] = [];

  /** `done`: the total so far; `at`: milliseconds of any steady clock. */
  record(done: number, at: number = performance.now()): void {
    const last = this.#samples.at(-1);
    // A sample a second is enough.
    if (last && at - last.at < 1000 && this.#samples.length > 1) this.#samples.pop();
    this.#samples.push({ at, done });
    while (this.#samples.length > 2 && at - this.#samples[1]!.at > windowMs) this.#samples.shift();
  }

  /** Per second over the last minute; 0 before there are two samples. */
  get perSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.at <= first.at) return 0;
    return (1000 * (last.done - first.done)) / (last.at - first.at);
  }
}
