/**
 * Adam (Kingma & Ba 2015, algorithm 1) and AdamW (Loshchilov & Hutter 2019, algorithm 2, in the form PyTorch made usual: the decay is
 * multiplied by the learning rate too).
 */
import { adamUpdateFor } from './adam-kernel.ts';
import { allocateBeside, type GroupOf, groupSlots, type Optimizer, type OptimizerSlot } from './optimizer.ts';

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** True: decay shrinks the weights directly (AdamW). False: it is added to the gradient (L2). */
  readonly decoupled: boolean;
  /** Learning rates and decays of their own for some weights. */
  readonly group?: GroupOf;
}

export function adam(slots: readonly OptimizerSlot[], { beta1, beta2, epsilon, weightDecay, decoupled, group }: AdamOptions): Optimizer {
  const parts = groupSlots(slots, weightDecay, group).map((slot) => {
    const arrays = { weights: slot.weights, gradients: slot.gradients, mean: allocateBeside(slot), square: allocateBeside(slot) };
    return { slot, arrays, update: adamUpdateFor(arrays, slot.arena) };
  });
  const state = new Map(parts.flatMap(({ slot, arrays }) => [[`${slot.name}.mean`, arrays.mean] as const, [`${slot.name}.square`, arrays.square] as const]));
  return {
    state,
    steps: 0,
    step(learningRate) {
      this.steps++;
      const unbias = 1 / Math.sqrt(1 - beta2 ** this.steps);
      for (const { slot, arrays, update } of parts) {
        const ownRate = learningRate * slot.rateFactor;
        const rate = ownRate / (1 - beta1 ** this.steps);
        const l2 = decoupled ? 0 : slot.weightDecay;
        const shrink = decoupled ? ownRate * slot.weightDecay : 0;
        update(arrays, { beta1, beta2, l2, shrink, rate, unbias, epsilon });
      }
    },
  };
}
