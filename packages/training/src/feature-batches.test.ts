import { expect, it } from 'vitest';
import { tooManyFeatures } from './feature-batches.ts';

it('features that fill more than their share of the memory are told of, with both sizes', () => {
  expect(tooManyFeatures(1000, 25_000, 1e8)).toBeUndefined();
  expect(tooManyFeatures(1000, 25_001, 1e8)).toMatch(/would take 0\.1 GB, of which at most 0\.1 may be kept/);
  // The last map of VGG16 for all of FER2013, 2.9 GB, beside what this machine has.
  expect(tooManyFeatures(28_709, 512 * 49, 2e9)).toMatch(/would take 2\.9 GB, of which at most 2\.0 may be kept .* runs at every step instead/);
});
