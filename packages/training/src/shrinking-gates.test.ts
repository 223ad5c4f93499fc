import { expressions } from '@mien/runtime';
import { expect, it } from 'vitest';
import { planNetwork } from './network-plan.ts';
import { checkRecipe } from './recipe.ts';
import { shrinkingGates } from './shrinking-gates.ts';

const told = (model: string, modelOptions: object) => {
  const fields = { name: 'r', model, modelOptions, input: [3, 33, 33], epochs: 1, optimizer: { kind: 'sgd', learningRate: 0.1 } };
  return shrinkingGates(planNetwork(checkRecipe(fields, 'r'), [1, 48, 48], expressions));
};

it('tells of CBAM after every convolution without norms, and of nothing else', () => {
  const narrow = { width: 0.125, hidden: 8, head: 'gap' };
  expect(told('vgg16', { ...narrow, cbam: 'every-convolution' })).toMatch(/^13 times CBAM and no norm between.*batchNorm=true$/);
  expect(told('vgg16', { ...narrow, cbam: 'every-convolution', batchNorm: true })).toBeUndefined();
  expect(told('vgg16-cbam', { width: 0.125, hidden: 8 })).toBeUndefined();
  expect(told('resnet18-cbam', { width: 0.125 })).toBeUndefined();
});
