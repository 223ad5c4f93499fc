import { describe, expect, it } from 'vitest';
import { uniform } from '../../test/random.ts';
import { type AdamOptions, adam } from './adam.ts';
import type { Optimizer, OptimizerSlot } from './optimizer.ts';
import { type SgdOptions, sgd } from './sgd.ts';

const plainSgd: SgdOptions = { momentum: 0, nesterov: false, weightDecay: 0 };
const plainAdam: AdamOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false };

function slot(weights: number[], gradients: number[], decay = true): OptimizerSlot {
  return { name: 'w', weights: Float32Array.from(weights), gradients: Float32Array.from(gradients), decay };
}

const close = (actual: Float32Array, expected: readonly number[], digits = 5) => {
  expect(actual.length).toBe(expected.length);
  for (const [i, v] of expected.entries()) expect(actual[i]).toBeCloseTo(v, digits);
};

describe('by hand', () => {
  it('SGD: w − ηg', () => {
    const s = slot([1, -2], [0.5, 1]);
    sgd([s], plainSgd).step(0.1);
    close(s.weights, [0.95, -2.1]);
  });

  it('momentum: v₁ = g, v₂ = 0.9 g + g', () => {
    const s = slot([0], [1]);
    const o = sgd([s], { ...plainSgd, momentum: 0.9 });
    o.step(1);
    close(s.weights, [-1]);
    o.step(1);
    close(s.weights, [-2.9]);
  });

  it('Nesterov looks ahead: η(g + 0.9 v)', () => {
    const s = slot([0], [1]);
    const o = sgd([s], { momentum: 0.9, nesterov: true, weightDecay: 0 });
    o.step(1);
    close(s.weights, [-1.9]); // 1 + 0.9 · 1
    o.step(1);
    close(s.weights, [-1.9 - (1 + 0.9 * 1.9)]);
  });

  it('weight decay is added to the gradient, only where decay is set', () => {
    const [a, b] = [slot([2], [0]), { ...slot([2], [0], false), name: 'b' }];
    sgd([a, b], { ...plainSgd, weightDecay: 0.1 }).step(0.5);
    close(a.weights, [2 - 0.5 * 0.2]);
    close(b.weights, [2]);
  });

  it('the first step of Adam is η in the direction of the sign, whatever the size of the gradient', () => {
    const s = slot([0, 0, 0], [1e-3, -50, 0]);
    adam([s], plainAdam).step(0.01);
    close(s.weights, [-0.01, 0.01, 0], 6);
  });

  it('AdamW shrinks the weight itself, Adam does not', () => {
    const [w, l2, free] = [slot([2], [0]), slot([2], [0]), slot([2], [0], false)];
    adam([w], { ...plainAdam, weightDecay: 0.1, decoupled: true }).step(0.5);
    close(w.weights, [2 * (1 - 0.05)]);
    adam([l2], { ...plainAdam, weightDecay: 0.1 }).step(0.5);
    close(l2.weights, [1.5]); // the decay is a gradient like any other: sign · η
    adam([free], { ...plainAdam, weightDecay: 0.1, decoupled: true }).step(0.5);
    close(free.weights, [2]);
  });
});

/** Textbook forms, one number at a time in double precision. */
function referenceSgd(w: number, gradients: number[], rates: number[], o: SgdOptions, decay: boolean): number {
  let v = 0;
  for (const [t, g0] of gradients.entries()) {
    const g = g0 + (decay ? o.weightDecay * w : 0);
    v = o.momentum * v + g;
    w -= rates[t]! * (o.nesterov ? g + o.momentum * v : v);
  }
  return w;
}

function referenceAdam(w: number, gradients: number[], rates: number[], o: AdamOptions, decay: boolean): number {
  let [m, v] = [0, 0];
  const lambda = decay ? o.weightDecay : 0;
  for (const [i, g0] of gradients.entries()) {
    const t = i + 1;
    const g = o.decoupled ? g0 : g0 + lambda * w;
    m = o.beta1 * m + (1 - o.beta1) * g;
    v = o.beta2 * v + (1 - o.beta2) * g * g;
    if (o.decoupled) w -= rates[i]! * lambda * w;
    w -= (rates[i]! * (m / (1 - o.beta1 ** t))) / (Math.sqrt(v / (1 - o.beta2 ** t)) + o.epsilon);
  }
  return w;
}

const steps = 20;
const length = 9;
const rates = Array.from({ length: steps }, (_, t) => 0.1 / (1 + t));
const gradientsAt = (t: number, name: number) => uniform(length, 50 + t * 2 + name, -2, 2);

describe.each([
  ['SGD', sgd, referenceSgd, plainSgd],
  ['momentum with decay', sgd, referenceSgd, { momentum: 0.8, nesterov: false, weightDecay: 0.05 }],
  ['Nesterov with decay', sgd, referenceSgd, { momentum: 0.9, nesterov: true, weightDecay: 0.01 }],
  ['Adam', adam, referenceAdam, plainAdam],
  ['Adam with L2', adam, referenceAdam, { ...plainAdam, weightDecay: 0.05 }],
  ['AdamW', adam, referenceAdam, { ...plainAdam, beta1: 0.8, beta2: 0.95, weightDecay: 0.05, decoupled: true }],
] as unknown as [
  string,
  (slots: readonly OptimizerSlot[], o: never) => Optimizer,
  (w: number, g: number[], r: number[], o: never, decay: boolean) => number,
  never,
][])('%s over 20 steps', (_, make, reference, options) => {
  it('is the textbook form, in place, for each slot by itself', () => {
    const starts = [uniform(length, 1), uniform(length, 2)];
    const slots = starts.map((w, i) => ({ name: `slot${i}.weight`, weights: w.slice(), gradients: new Float32Array(length), decay: i === 0 }));
    const memory = slots.map((s) => s.weights);
    const optimizer = make(slots, options);
    const state = [...optimizer.state.values()];
    for (let t = 0; t < steps; t++) {
      for (const [i, s] of slots.entries()) s.gradients.set(gradientsAt(t, i));
      optimizer.step(rates[t]!);
    }
    expect(optimizer.steps).toBe(steps);
    expect([...optimizer.state.values()]).toEqual(state);
    for (const [i, now] of [...optimizer.state.values()].entries()) expect(now).toBe(state[i]);
    for (const [i, s] of slots.entries()) {
      expect(s.weights).toBe(memory[i]);
      for (let k = 0; k < length; k++) {
        const series = Array.from({ length: steps }, (_, t) => gradientsAt(t, i)[k]!);
        expect(s.weights[k]).toBeCloseTo(reference(starts[i]![k]!, series, rates, options, s.decay), 4);
      }
    }
  });

  it('goes on from its state and step count exactly where it was', () => {
    const make2 = () => {
      const s = slot([...uniform(length, 9)], []);
      const full = { ...s, gradients: new Float32Array(length) };
      return { s: full, o: make([full], options) };
    };
    const run = ({ s, o }: ReturnType<typeof make2>, from: number, to: number) => {
      for (let t = from; t < to; t++) {
        s.gradients.set(gradientsAt(t, 0));
        o.step(rates[t]!);
      }
    };
    const [whole, first, second] = [make2(), make2(), make2()];
    run(whole, 0, 10);
    run(first, 0, 4);
    second.s.weights.set(first.s.weights);
    for (const [name, values] of first.o.state) second.o.state.get(name)!.set(values);
    second.o.steps = first.o.steps;
    run(second, 4, 10);
    expect(second.s.weights).toEqual(whole.s.weights);
  });
});
