import { describe, expect, it } from 'vitest';
import { averageWeights } from './ema.ts';

describe('averageWeights', () => {
  it('starts at the weights and follows them, faster in the beginning', () => {
    const stored = new Map([['w', Float32Array.of(1, 0)]]);
    const ema = averageWeights(stored, 0.9);
    expect([...ema.average.get('w')!]).toEqual([1, 0]);
    stored.get('w')!.set([2, 4]);
    expect([...ema.average.get('w')!]).toEqual([1, 0]);
    // After the first step decay is 2/11, after very many 0.9.
    ema.update(1);
    expect(ema.average.get('w')![1]).toBeCloseTo((9 / 11) * 4, 5);
    ema.reset();
    expect([...ema.average.get('w')!]).toEqual([2, 4]);
    stored.get('w')!.set([2, 14]);
    ema.update(100_000);
    expect(ema.average.get('w')![1]).toBeCloseTo(5, 5);
  });

  it('of weights that stay is those weights', () => {
    const ema = averageWeights(new Map([['w', Float32Array.of(0.1, -3)]]), 0.999);
    for (let step = 1; step < 50; step++) ema.update(step);
    expect([...ema.average.get('w')!]).toEqual([...Float32Array.of(0.1, -3)]);
  });
});
