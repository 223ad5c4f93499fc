/**
 * Stochastic gradient descent with (Nesterov) momentum (Sutskever et al. 2013, in the form PyTorch made usual: the velocity is not multiplied
 * by the learning rate, which acts when it is used), weight decay added to the gradient.
 */
import { type GroupOf, groupSlots, type Optimizer, type OptimizerSlot } from './optimizer.ts';

export interface SgdOptions {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** Learning rates and decays of their own for some weights. */
  readonly group?: GroupOf;
}

/** g ← ∇ + λw; v ← μv + g; w ← w − η·(nesterov ? g + μv : v). */
export function sgd(slots: readonly OptimizerSlot[], { momentum, nesterov, weightDecay, group }: SgdOptions): Optimizer {
  const grouped = groupSlots(slots, weightDecay, group);
  const state = new Map(grouped.map((s) => [`${s.name}.velocity`, new Float32Array(s.weights.length)]));
  return {
    state,
    steps: 0,
    step(learningRate) {
      for (const slot of grouped) {
        const { weights, gradients } = slot;
        const velocity = state.get(`${slot.name}.velocity`)!;
        const rate = learningRate * slot.rateFactor;
        const decay = slot.weightDecay;
        const ahead = nesterov ? momentum : 1;
        const now = nesterov ? 1 : 0;
        for (let i = 0; i < weights.length; i++) {
          const g = gradients[i]! + decay * weights[i]!;
          const v = momentum * velocity[i]! + g;
          velocity[i] = v;
          weights[i] = weights[i]! - rate * (now * g + ahead * v);
        }
      }
      this.steps++;
    },
  };
}
