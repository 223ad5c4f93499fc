import { expressions } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { tinyRecipe } from '../test/tiny-model.ts';
import { describePlan, planNetwork } from './network-plan.ts';
import { checkRecipe } from './recipe.ts';
import type { RecipeInput } from './recipe-schema.ts';
import { slownessOf, stepFactor, trainingFlops } from './training-cost.ts';

const layers = [
  { work: 10, weights: ['a.weight'] },
  { work: 0, weights: ['b.gamma'] },
  { work: 30, weights: ['c.weight'] },
  { work: 20, weights: [] },
  { work: 40, weights: ['d.weight'] },
];

describe('stepFactor', () => {
  it.each([
    // Everything: weights of all, inputs of all but the lowest.
    [{ trainable: [], frozen: [] }, 1 + (80 + 90) / 100],
    [{ trainable: ['d'], frozen: [] }, 1 + 40 / 100],
    [{ trainable: ['c'], frozen: [] }, 1 + (30 + 60) / 100],
    [{ trainable: [], frozen: ['d'] }, 1 + (40 + 90) / 100],
    [{ trainable: [], frozen: ['a', 'b', 'c', 'd'] }, 1],
  ])('%j: %f times the forward pass', (stage, factor) => {
    expect(stepFactor(layers, stage)).toBeCloseTo(factor);
  });
});

describe('trainingFlops', () => {
  const of = (changes: Partial<RecipeInput>, teacherFlops = 0) => {
    const recipe = checkRecipe({ ...tinyRecipe, epochs: 2, batch: 8, optimizer: { kind: 'sgd', learningRate: 0.1 }, ...changes }, 'test');
    const plan = planNetwork(recipe, [1, 48, 48], expressions);
    return trainingFlops(recipe, plan, { train: 21, validation: 10 }, teacherFlops) / describePlan(plan).flops;
  };

  it('counts whole batches of every epoch and stage, validation, and teachers', () => {
    const all = of({});
    // Two epochs of two batches of 8, at most 3 times forward, and 10 rows forward.
    expect(all).toBeGreaterThan(2 * (16 * 2.5 + 10));
    expect(all).toBeLessThanOrEqual(2 * (16 * 3 + 10));
    expect(of({ accumulate: 2 })).toBe(all);
    expect(of({ stages: [{ epochs: 2 }, { epochs: 2 }] })).toBeCloseTo(2 * all);
    expect(of({ stages: [{ epochs: 2, trainable: ['classifier'] }] })).toBeLessThan(2 * (16 * 1.1 + 10));
    expect(of({}, 1e6)).toBeGreaterThan(all);
  });
});

it.each([
  ['efficientnet-b0', true],
  ['mobilenetv2', true],
  ['resnet18-patch-attention', false],
  ['se-cnn-improved', false],
])('%s: is slow for its operations: %s', (model, isSlow) => {
  const recipe = checkRecipe(
    { ...tinyRecipe, model, modelOptions: {}, input: [model.startsWith('se-') ? 1 : 3, 64, 64], epochs: 1, optimizer: { kind: 'sgd', learningRate: 0.1 } },
    'test',
  );
  expect(slownessOf(planNetwork(recipe, [1, 48, 48], expressions)) > 1).toBe(isSlow);
});
