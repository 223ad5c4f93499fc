/**
 * A label that does not flicker. Page's cumulative sum test (1954): evidence for another label gathers over time and the label changes when
 * it suffices. A clear change passes within a tenth of a second or with the second frame, a doubtful one has to last, and noise around a tie
 * never sums up.
 */

export interface SteadyLabelOptions {
  /** Evidence that changes the label: logit lead × seconds. Lower is quicker, higher is steadier. Default 0.3. */
  readonly evidence?: number;
  /** Lead (in logits) below which a rival gathers no evidence and loses some of what it has. Default 0.5. */
  readonly drift?: number;
  /** A lead counts for no more than this. Default 4. */
  readonly largestLead?: number;
}

/**
 * The part of the evidence that one frame can give at most. A half: it takes two frames at any frame rate, so one wild frame cannot change
 * the label, and a clear change needs no third. Only slow cameras are held back by it, whose frames stand for more seconds each; to cap
 * those seconds instead would hold doubtful changes back as well. What is lost is not capped: it is forgotten as fast as time goes.
 */
const largestShare = 0.5;

export class SteadyLabel {
  readonly #options: Required<SteadyLabelOptions>;
  #label = -1;
  #evidence = new Float64Array(0);
  #time = 0;

  constructor({ evidence = 0.3, drift = 0.5, largestLead = 4 }: SteadyLabelOptions = {}) {
    this.#options = { evidence, drift, largestLead };
  }

  /** The index of the label to show, given calibrated logits at `time` (seconds, growing). The first frame's best label is taken at once. */
  next(logits: ArrayLike<number>, time: number): number {
    if (this.#label < 0) {
      this.#label = bestOf(logits);
      this.#evidence = new Float64Array(logits.length);
      this.#time = time;
      return this.#label;
    }
    const seconds = time - this.#time;
    this.#time = time;
    const { evidence, drift, largestLead } = this.#options;
    let strongest = this.#label;
    for (let k = 0; k < logits.length; k++) {
      if (k === this.#label) continue;
      const lead = Math.max(-largestLead, Math.min(largestLead, logits[k]! - logits[this.#label]!));
      this.#evidence[k] = Math.max(0, this.#evidence[k]! + Math.min(largestShare * evidence, (lead - drift) * seconds));
      if (this.#evidence[k]! >= evidence && (strongest === this.#label || this.#evidence[k]! > this.#evidence[strongest]!)) strongest = k;
    }
    if (strongest !== this.#label) {
      this.#label = strongest;
      this.#evidence.fill(0);
    }
    return this.#label;
  }
}

function bestOf(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k]! > values[best]!) best = k;
  return best;
}
