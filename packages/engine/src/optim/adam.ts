/** Adam (Kingma & Ba 2015, algorithm 1) and AdamW (Loshchilov & Hutter 2019, algorithm 2). */
import type { Optimizer, OptimizerSlot } from './optimizer.ts';

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** True: decay shrinks the weights directly (AdamW). False: it is added to the gradient (L2). */
  readonly decoupled: boolean;
}

export function adam(slots: readonly OptimizerSlot[], { beta1, beta2, epsilon, weightDecay, decoupled }: AdamOptions): Optimizer {
  const state = new Map(
    slots.flatMap((s) => [[`${s.name}.mean`, new Float32Array(s.weights.length)] as const, [`${s.name}.square`, new Float32Array(s.weights.length)] as const]),
  );
  return {
    state,
    steps: 0,
    step(learningRate) {
      this.steps++;
      const rate = learningRate / (1 - beta1 ** this.steps);
      const unbias = 1 / Math.sqrt(1 - beta2 ** this.steps);
      for (const slot of slots) {
        const { weights, gradients } = slot;
        const mean = state.get(`${slot.name}.mean`)!;
        const square = state.get(`${slot.name}.square`)!;
        const decay = slot.decay ? weightDecay : 0;
        const l2 = decoupled ? 0 : decay;
        const keep = decoupled ? 1 - learningRate * decay : 1;
        for (let i = 0; i < weights.length; i++) {
          const w = weights[i]!;
          const g = gradients[i]! + l2 * w;
          const m = beta1 * mean[i]! + (1 - beta1) * g;
          const v = beta2 * square[i]! + (1 - beta2) * g * g;
          mean[i] = m;
          square[i] = v;
          weights[i] = keep * w - (rate * m) / (Math.sqrt(v) * unbias + epsilon);
        }
      }
    },
  };
}
