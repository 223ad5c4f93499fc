/** The One-Euro filter (Casiez, Roussel & Vogel, CHI 2012): steady when a signal rests, quick when it moves. */

export interface OneEuroOptions {
  /** Cut-off frequency at rest, in Hz: lower is steadier. */
  readonly minCutoffHz: number;
  /** How much the cut-off grows with the signal's speed, in Hz per unit a second: higher follows changes sooner. */
  readonly beta: number;
  /** Cut-off frequency of the speed itself, in Hz. Default 1. */
  readonly speedCutoffHz?: number;
}

/** Share of the new value after `seconds`, of a first-order low-pass with this cut-off: 1 / (1 + τ/Δt), τ = 1/(2πf). */
function share(cutoffHz: number, seconds: number): number {
  const r = 2 * Math.PI * cutoffHz * seconds;
  return r / (r + 1);
}

/**
 * Filters a vector whose entries move together. One speed, the largest of any entry, sets the cut-off of all: the differences
 * between entries are what a classifier's outputs mean, and must not be bent by filtering each entry at its own pace.
 */
export class OneEuro {
  readonly #options: Required<OneEuroOptions>;
  #value: Float64Array | undefined;
  #speed: Float64Array | undefined;
  #time = 0;

  constructor(options: OneEuroOptions) {
    this.#options = { speedCutoffHz: 1, ...options };
  }

  /** The filtered vector after seeing `raw` at `time` (seconds, growing). The first one passes through. */
  next(raw: ArrayLike<number>, time: number): Float64Array {
    const seconds = time - this.#time;
    this.#time = time;
    if (!this.#value || !this.#speed) {
      this.#value = Float64Array.from(raw);
      this.#speed = new Float64Array(raw.length);
      return this.#value.slice();
    }
    // Two results of one moment: the later replaces nothing, as no time has passed in which to move.
    if (!(seconds > 0)) return this.#value.slice();
    const { minCutoffHz, beta, speedCutoffHz } = this.#options;
    const speedShare = share(speedCutoffHz, seconds);
    let fastest = 0;
    for (let k = 0; k < raw.length; k++) {
      const speed = (raw[k]! - this.#value[k]!) / seconds;
      this.#speed[k]! += speedShare * (speed - this.#speed[k]!);
      fastest = Math.max(fastest, Math.abs(this.#speed[k]!));
    }
    const valueShare = share(minCutoffHz + beta * fastest, seconds);
    for (let k = 0; k < raw.length; k++) this.#value[k]! += valueShare * (raw[k]! - this.#value[k]!);
    return this.#value.slice();
  }
}
