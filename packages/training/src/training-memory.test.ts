import { describe, expect, it } from 'vitest';
import { beyondSteps, largestActivations, memoryNeeds } from './training-memory.ts';

const plain = { weights: 1000, optimizer: 2000, average: 0, activations: 500, batch: 64, rows: 300, featureSize: 0 };

describe('memory beside the steps of a training', () => {
  it('counts kept features, a checkpoint with the optimiser’s state, and a model that is exported and run', () => {
    expect(memoryNeeds(plain)).toEqual({ features: 0, checkpoint: 2 * 4 * 3000, validation: 4 * (4 * 1000 + 500 * 64) });
    expect(memoryNeeds({ ...plain, average: 1000 }).checkpoint).toBe(2 * 4 * 4000);
    expect(memoryNeeds({ ...plain, featureSize: 512 }).features).toBe(4 * 300 * 512);
  });

  it('holds features all the time, a checkpoint and a validation in turn', () => {
    expect(beyondSteps({ features: 5, checkpoint: 7, validation: 3 })).toBe(12);
    expect(beyondSteps({ features: 0, checkpoint: 1, validation: 3 })).toBe(3);
  });

  it('looks at two layers at a time', () => {
    expect(largestActivations([[8, 4, 4], [16, 4, 4], [7]])).toBe(128 + 256);
    expect(largestActivations([])).toBe(0);
  });
});
