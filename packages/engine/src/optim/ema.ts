/** Exponential moving average of weights (Polyak & Juditsky 1992): validated and exported in place of the weights themselves. */

export interface WeightAverage {
  /** The averages by name, in the order the weights are stored in; part of a checkpoint, changed in place. */
  readonly average: ReadonlyMap<string, Float32Array>;
  /**
   * average ← d · average + (1 − d) · weights, after the optimiser's step number `steps`. d is `decay`, but at most
   * (1 + steps) / (10 + steps), so that short runs lean on recent weights.
   */
  update(steps: number): void;
  /** Starts over from the weights as they are. */
  reset(): void;
}

/** Averages `stored` (`TrainStep.stored`: moving statistics too) from its present values on. */
export function averageWeights(stored: ReadonlyMap<string, Float32Array>, decay: number): WeightAverage {
  const average = new Map([...stored].map(([name, values]) => [name, values.slice()]));
  return {
    average,
    update(steps) {
      const rate = 1 - Math.min(decay, (1 + steps) / (10 + steps));
      for (const [name, mean] of average) {
        const now = stored.get(name)!;
        for (let i = 0; i < mean.length; i++) mean[i] = mean[i]! + rate * (now[i]! - mean[i]!);
      }
    },
    reset() {
      for (const [name, mean] of average) mean.set(stored.get(name)!);
    },
  };
}
