import { UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { type Stage, stageSchema } from './recipe-schema.ts';
import { checkWeightGroups, frozenIn, groupOf, isWithin } from './weight-groups.ts';

const names = ['conv1.weight', 'layer1.0.weight', 'layer10.weight', 'layer4.1.conv2.weight', 'fc.weight', 'fc.bias'];

function stage({ optimizer, ...changes }: Record<string, unknown> = {}): Stage {
  return stageSchema.parse({ epochs: 1, ...changes, optimizer: { kind: 'sgd', learningRate: 1, weightDecay: 0.1, ...(optimizer as object) } });
}

const learning = (changes: Record<string, unknown>): string[] => names.filter((name) => !frozenIn(stage(changes))(name));

describe('frozenIn', () => {
  it('cuts prefixes at dots', () => {
    expect(isWithin('layer10.weight', 'layer1')).toBe(false);
    expect(isWithin('layer1.0.weight', 'layer1')).toBe(true);
  });

  it('trains everything, only what is named, or all but what is named; the longer name counts', () => {
    expect(learning({})).toEqual(names);
    expect(learning({ trainable: ['fc'] })).toEqual(['fc.weight', 'fc.bias']);
    expect(learning({ frozen: ['conv1', 'layer1'] })).toEqual(['layer10.weight', 'layer4.1.conv2.weight', 'fc.weight', 'fc.bias']);
    expect(learning({ frozen: ['layer4'], trainable: ['layer4.1.conv2'] })).toEqual(['layer4.1.conv2.weight']);
    expect(learning({ trainable: ['fc'], frozen: ['fc.bias'] })).toEqual(['fc.weight']);
  });
});

describe('checkWeightGroups', () => {
  const refusal = (changes: Record<string, unknown>): string => {
    try {
      checkWeightGroups(stage(changes), names, 'recipe r');
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return (error as Error).message;
    }
    throw new Error('was accepted');
  };

  it('names a prefix that holds nothing and the parts there are', () => {
    expect(refusal({ trainable: ['head'] })).toMatch(/no weight is named head.*conv1, layer1, layer10, layer4, fc/);
    expect(refusal({ optimizer: { groups: [{ match: ['fcc'] }] } })).toMatch(/no weight is named fcc/);
  });

  it('refuses a stage that freezes everything', () => {
    expect(refusal({ frozen: ['conv1', 'layer1', 'layer10', 'layer4', 'fc'] })).toMatch(/freezes all 6 weights/);
  });
});

describe('groupOf', () => {
  it('is that of the last group that matches, else the optimiser', () => {
    const { optimizer } = stage({
      optimizer: {
        groups: [
          { match: ['conv1', 'layer1'], learningRateFactor: 0.1 },
          { match: ['conv1'], weightDecay: 0 },
        ],
      },
    });
    expect(groupOf(optimizer, 'layer1.0.weight')).toEqual({ learningRateFactor: 0.1, weightDecay: 0.1 });
    expect(groupOf(optimizer, 'conv1.weight')).toEqual({ learningRateFactor: 1, weightDecay: 0 });
    expect(groupOf(optimizer, 'fc.bias')).toEqual({ learningRateFactor: 1, weightDecay: 0.1 });
  });
});
