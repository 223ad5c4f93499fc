import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learningRateAt, type ScheduleOptions } from './schedule.ts';

const constant: ScheduleOptions = { kind: 'constant' };
const cosine: ScheduleOptions = { kind: 'cosine', final: 0.1 };
const oneCycle: ScheduleOptions = { kind: 'one-cycle', rise: 0.3, start: 0.04, final: 1e-3 };
const step: ScheduleOptions = { kind: 'step', at: [0.5, 0.75], factor: 0.1 };

describe('learningRateAt', () => {
  it('constant', () => {
    for (const at of [0, 50, 99]) expect(learningRateAt(at, 100, 0.3, constant)).toBe(0.3);
  });

  it('cosine: base at the start, half-way in the middle, near the final share at the end', () => {
    expect(learningRateAt(0, 100, 2, cosine)).toBe(2);
    expect(learningRateAt(50, 100, 2, cosine)).toBeCloseTo(1.1, 12);
    expect(learningRateAt(100, 100, 2, cosine)).toBeCloseTo(0.2, 12);
    expect(learningRateAt(1000, 100, 2, cosine)).toBeCloseTo(0.2, 12);
    expect(learningRateAt(99, 100, 2, { kind: 'cosine', final: 0 })).toBeGreaterThan(0);
  });

  it('step: falls at each fraction', () => {
    const rates = [0, 49, 50, 74, 75, 99].map((at) => learningRateAt(at, 100, 1, step));
    for (const [i, expected] of [1, 1, 0.1, 0.1, 0.01, 0.01].entries()) expect(rates[i]).toBeCloseTo(expected, 12);
  });

  it('one cycle: from a small share up to the base and down to almost nothing, without a jump', () => {
    expect(learningRateAt(0, 100, 2, oneCycle)).toBeCloseTo(0.08, 12);
    expect(learningRateAt(15, 100, 2, oneCycle)).toBeCloseTo(1.04, 12);
    expect(learningRateAt(30, 100, 2, oneCycle)).toBeCloseTo(2, 12);
    expect(learningRateAt(65, 100, 2, oneCycle)).toBeCloseTo(1.001, 12);
    expect(learningRateAt(100, 100, 2, oneCycle)).toBeCloseTo(0.002, 12);
    const rates = Array.from({ length: 1001 }, (_, at) => learningRateAt(at, 1000, 1, oneCycle));
    for (let at = 1; at <= 1000; at++) expect(Math.abs(rates[at]! - rates[at - 1]!)).toBeLessThan(0.006);
    expect(learningRateAt(500, 1000, 1, { ...oneCycle, rise: 1 })).toBeCloseTo(0.52, 12);
    expect(learningRateAt(0, 1000, 1, { ...oneCycle, rise: 0 })).toBe(1);
  });

  it('warm-up rises linearly to the base and hands over without a jump', () => {
    const rates = [0, 1, 2, 3, 4].map((at) => learningRateAt(at, 100, 0.8, cosine, 4));
    for (const [i, expected] of [0.2, 0.4, 0.6, 0.8, 0.8].entries()) expect(rates[i]).toBeCloseTo(expected, 12);
  });

  it('is never above the base nor below the final share, for whole warm-up steps', () => {
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.integer({ min: 1, max: 400 }),
        fc.nat(100),
        fc.constantFrom(constant, cosine, step, oneCycle),
        (at, total, warmup, schedule) => {
          const rate = learningRateAt(at, total, 1, schedule, warmup);
          expect(rate).toBeGreaterThan(0);
          expect(rate).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  // `warmupEpochs: 0.5` of 5 steps an epoch is 2.5 warm-up steps: the third of them gets 3 / 2.5 of the base rate.
  it('is never above the base when the warm-up is a fraction of steps', () => {
    expect(learningRateAt(2, 100, 1, constant, 2.5)).toBeLessThanOrEqual(1);
  });
});
