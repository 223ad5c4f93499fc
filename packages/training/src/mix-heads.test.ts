import { mixSchema, randomFor } from '@mien/data';
import { describe, expect, it } from 'vitest';
import { mixHeads } from './mix-heads.ts';

describe('mixHeads', () => {
  it('gives image and targets of every head the same shares; a row that teaches nothing lends its part of nothing', () => {
    // Images 0 and 1 throughout: the mean of an image is the share of the second.
    const images = Float32Array.from({ length: 2 * 12 }, (_, i) => Math.floor(i / 12));
    const labels = Float32Array.from([1, 0, 0, /**/ 0, 1, 0]);
    const votes = Float32Array.from([0.5, 0.5, /**/ 0, 0]);
    mixHeads(mixSchema.parse({ mixup: 1 }), images, [1, 3, 4], [labels, votes], randomFor(5));
    const share = (n: number): number => images[n * 12]!;
    expect(share(0)).toBeGreaterThan(0);
    for (const n of [0, 1]) {
      expect([...labels.subarray(n * 3, n * 3 + 3)]).toEqual([1 - share(n), share(n), 0].map((v) => expect.closeTo(v, 5)));
      expect([...votes.subarray(n * 2, n * 2 + 2)]).toEqual([(1 - share(n)) / 2, (1 - share(n)) / 2].map((v) => expect.closeTo(v, 5)));
    }
  });
});
