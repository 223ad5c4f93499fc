import { describe, expect, it } from 'vitest';
import { uniform } from '../../test/random.ts';
import { adam } from './adam.ts';
import type { OptimizerSlot } from './optimizer.ts';
import { sgd } from './sgd.ts';

const slot = (name: string, decay = true): OptimizerSlot => ({ name, weights: uniform(5, 1), gradients: uniform(5, 2), decay });

const makers = {
  sgd: (slots: readonly OptimizerSlot[], weightDecay: number, group?: Parameters<typeof sgd>[1]['group']) =>
    sgd(slots, { momentum: 0.9, nesterov: true, weightDecay, ...(group ? { group } : {}) }),
  adam: (slots: readonly OptimizerSlot[], weightDecay: number, group?: Parameters<typeof sgd>[1]['group']) =>
    adam(slots, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay, decoupled: false, ...(group ? { group } : {}) }),
  adamw: (slots: readonly OptimizerSlot[], weightDecay: number, group?: Parameters<typeof sgd>[1]['group']) =>
    adam(slots, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay, decoupled: true, ...(group ? { group } : {}) }),
};

describe.each(Object.entries(makers))('parameter groups of %s', (_, make) => {
  it('a factor of the learning rate is that learning rate', () => {
    const [grouped, plain] = [slot('a'), slot('a')];
    const [first, second] = [make([grouped], 0.1, () => ({ learningRateFactor: 0.25 })), make([plain], 0.1)];
    for (let i = 0; i < 3; i++) {
      first.step(0.04);
      second.step(0.01);
    }
    expect(grouped.weights).toEqual(plain.weights);
  });

  it('a decay of its own replaces the other, but only where decay applies', () => {
    const [weight, bias] = [slot('weight'), slot('bias', false)];
    const [plainWeight, plainBias] = [slot('weight'), slot('bias', false)];
    make([weight, bias], 0.3, () => ({ weightDecay: 0.1 })).step(0.01);
    make([plainWeight, plainBias], 0.1).step(0.01);
    expect(weight.weights).toEqual(plainWeight.weights);
    expect(bias.weights).toEqual(plainBias.weights);
  });

  it('frozen ones stay and have no state', () => {
    const [head, base] = [slot('head'), slot('base')];
    const before = base.weights.slice();
    const optimizer = make([base, head], 0.1, (name) => ({ frozen: name === 'base' }));
    optimizer.step(0.1);
    expect(base.weights).toEqual(before);
    expect([...optimizer.state.keys()].every((name) => name.startsWith('head.'))).toBe(true);
    expect(head.weights).not.toEqual(before);
  });
});
