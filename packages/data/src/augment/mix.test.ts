import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomFor } from '../random.ts';
import { sampleBeta } from './beta.ts';
import { mixBatch, mixSchema } from './mix.ts';

const geometry = { channels: 2, height: 6, width: 5, classes: 3 };
const size = 60;

/** Row r is r + 1 in every sample, its target one-hot at r mod 3, weighted by r + 1. */
function batchOf(rows: number) {
  const images = Float32Array.from({ length: rows * size }, (_, i) => Math.floor(i / size) + 1);
  const targets = Float32Array.from({ length: rows * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? Math.floor(i / 3) + 1 : 0));
  return { images, targets };
}

function mixed(rows: number, options: { probability?: number; mixup?: number; cutmix?: number }, key = 1) {
  const batch = batchOf(rows);
  mixBatch(batch.images, batch.targets, randomFor(key, 'mix', 0, 0), { ...mixSchema.parse(options), ...geometry });
  return batch;
}

const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

describe('mixBatch', () => {
  it('keeps the sum of all images and of all targets, for any batch', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.constantFrom({ mixup: 0.3 }, { cutmix: 1 }, { mixup: 1, cutmix: 1, probability: 0.5 }), fc.nat(), (rows, options, key) => {
        const before = batchOf(rows);
        const after = mixed(rows, options, key);
        expect(sum(after.images)).toBeCloseTo(sum(before.images), 2);
        expect(sum(after.targets)).toBeCloseTo(sum(before.targets), 3);
      }),
    );
  });

  it('gives image and target the same shares', () => {
    for (const options of [{ mixup: 1 }, { cutmix: 1 }]) {
      const { images, targets } = mixed(2, options);
      // Rows are 1 and 2 throughout, so the mean of an image tells the share of the second; so does its target.
      for (const row of [0, 1]) {
        const share = sum(images.subarray(row * size, (row + 1) * size)) / size - 1;
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThan(1);
        expect([...targets.subarray(row * 3, row * 3 + 3)].map((value) => Math.round(value * 1e4) / 1e4)).toEqual([
          expect.closeTo(1 - share, 3),
          expect.closeTo(2 * share, 3),
          0,
        ]);
      }
    }
  });

  it('cutmix swaps one rectangle, alike in every channel', () => {
    const { images } = mixed(2, { cutmix: 1 }, 4);
    const plane = images.subarray(0, 30);
    expect([...plane].every((value) => value === 1 || value === 2)).toBe(true);
    expect(images.subarray(30, 60)).toEqual(plane);
    const swapped = [...plane.keys()].filter((i) => plane[i] !== plane[0]);
    const kept = swapped.length > 0 ? swapped : [0];
    const columns = kept.map((i) => i % 5);
    const rows = kept.map((i) => Math.floor(i / 5));
    const area = (Math.max(...columns) - Math.min(...columns) + 1) * (Math.max(...rows) - Math.min(...rows) + 1);
    expect(kept.length).toBe(area);
  });

  it('mixes as many pairs as asked for, leaves an odd row alone, and depends on its key alone', () => {
    expect(mixed(5, { mixup: 1, probability: 0 })).toEqual(batchOf(5));
    expect(mixed(6, { mixup: 1 }, 3)).toEqual(mixed(6, { mixup: 1 }, 3));
    expect(mixed(6, { mixup: 1 }, 3)).not.toEqual(mixed(6, { mixup: 1 }, 4));
    const { images } = mixed(5, { mixup: 1 });
    const untouched = [0, 1, 2, 3, 4].filter((row) => images[row * size] === row + 1);
    expect(untouched).toHaveLength(1);
  });

  it('refuses batches whose sizes do not agree, and options that do nothing', () => {
    expect(() => mixBatch(new Float32Array(61), new Float32Array(3), randomFor(1), { ...mixSchema.parse({ mixup: 1 }), ...geometry })).toThrow(
      /61 samples are not 1 images of 2×6×5/,
    );
    expect(mixSchema.safeParse({}).success).toBe(false);
    expect(mixSchema.safeParse({ mixup: 0.2, blend: 1 }).success).toBe(false);
  });
});

describe('sampleBeta', () => {
  it.each([0.2, 1, 4])('α = %d: symmetric, with variance 1 / (4·(2α + 1))', (alpha) => {
    const rng = randomFor('beta', alpha);
    const samples = Array.from({ length: 20_000 }, () => sampleBeta(alpha, rng));
    const mean = samples.reduce((total, value) => total + value, 0) / samples.length;
    const variance = samples.reduce((total, value) => total + (value - mean) ** 2, 0) / samples.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(variance).toBeCloseTo(1 / (4 * (2 * alpha + 1)), 2);
    expect(samples.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('refuses α ≤ 0', () => {
    expect(() => sampleBeta(0, randomFor(1))).toThrow(RangeError);
  });
});
