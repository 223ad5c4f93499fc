/** What every optimiser does: change weights in place, given their gradients. */

/** One weight array with its gradient; decay says whether weight decay applies. */
export interface OptimizerSlot {
  readonly name: string;
  readonly weights: Float32Array;
  readonly gradients: Float32Array;
  readonly decay: boolean;
}

export interface Optimizer {
  /** One update with the given learning rate. */
  step(learningRate: number): void;
  /** The arrays a checkpoint must keep, by name; changed in place by `step`. */
  readonly state: ReadonlyMap<string, Float32Array>;
  /** Steps taken so far; a resumed run sets it. */
  steps: number;
}
