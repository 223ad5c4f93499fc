/** Gradient accumulation: one update from several batches, for a larger batch than memory holds. */
import { allocateBeside, type OptimizerSlot } from './optimizer.ts';

export interface GradientAccumulator {
  /** The same weights, with the mean gradient: what the optimiser is to be given. */
  readonly slots: readonly OptimizerSlot[];
  /** Batches added since the last update. */
  readonly count: number;
  /** Adds the gradients of the batch that has just run. */
  add(): void;
  /** Turns the sums in `slots` into means over the batches added; the next `add` begins anew. Throws when none was added. */
  finish(): void;
}

/**
 * Usage: for each batch `await step.run(); sum.add();`, then `sum.finish(); optimizer.step(rate)`. Batch norm still sees
 * single batches: that is the one difference from a batch of that size.
 */
export function accumulateGradients(source: readonly OptimizerSlot[]): GradientAccumulator {
  const slots = source.map((slot) => ({ ...slot, gradients: allocateBeside(slot) }));
  let count = 0;
  return {
    slots,
    get count() {
      return count;
    },
    add() {
      for (const [s, { gradients: sum }] of slots.entries()) {
        const { gradients } = source[s]!;
        if (count === 0) sum.set(gradients);
        else for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + gradients[i]!;
      }
      count++;
    },
    finish() {
      if (count === 0) throw new Error('no gradients were accumulated: call add() after each run');
      if (count > 1) for (const { gradients: sum } of slots) for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! / count;
      count = 0;
    },
  };
}
