/** Stochastic gradient descent with (Nesterov) momentum (Sutskever et al. 2013), weight decay added to the gradient. */
import type { Optimizer, OptimizerSlot } from './optimizer.ts';

export interface SgdOptions {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** g ← ∇ + λw; v ← μv + g; w ← w − η·(nesterov ? g + μv : v). */
export function sgd(slots: readonly OptimizerSlot[], { momentum, nesterov, weightDecay }: SgdOptions): Optimizer {
  const state = new Map(slots.map((s) => [`${s.name}.velocity`, new Float32Array(s.weights.length)]));
  return {
    state,
    steps: 0,
    step(learningRate) {
      for (const slot of slots) {
        const { weights, gradients } = slot;
        const velocity = state.get(`${slot.name}.velocity`)!;
        const decay = slot.decay ? weightDecay : 0;
        const ahead = nesterov ? momentum : 1;
        const now = nesterov ? 1 : 0;
        for (let i = 0; i < weights.length; i++) {
          const g = gradients[i]! + decay * weights[i]!;
          const v = momentum * velocity[i]! + g;
          velocity[i] = v;
          weights[i] = weights[i]! - learningRate * (now * g + ahead * v);
        }
      }
      this.steps++;
    },
  };
}
