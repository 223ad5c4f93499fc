import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correlate, enlarge, gaussianBlur, motionTaps, sample } from './filters.ts';

const plane = fc.record({ height: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 9 }) }).chain(({ height, width }) =>
  fc.record({
    height: fc.constant(height),
    width: fc.constant(width),
    values: fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: height * width, maxLength: height * width }).map((v) => Float32Array.from(v)),
  }),
);

describe('filters', () => {
  it('blurs stay within the values there were, and keep a flat plane flat', () => {
    fc.assert(
      fc.property(
        plane,
        fc.double({ min: 0.1, max: 4, noNaN: true }),
        fc.constantFrom('mirror' as const, 'repeat' as const),
        ({ height, width, values }, sigma, edge) => {
          const out = gaussianBlur(values, height, width, sigma, edge);
          expect(Math.min(...out)).toBeGreaterThanOrEqual(Math.min(...values) - 1e-5);
          expect(Math.max(...out)).toBeLessThanOrEqual(Math.max(...values) + 1e-5);
          for (const v of gaussianBlur(values.fill(0.25), height, width, sigma, edge)) expect(v).toBeCloseTo(0.25, 5);
        },
      ),
    );
  });

  it('sigma 0 changes nothing', () => {
    expect([...gaussianBlur(Float32Array.of(1, 2, 3, 4), 2, 2, 0)]).toEqual([1, 2, 3, 4]);
  });

  it('mirrors without repeating the edge, or repeats it', () => {
    const left = [{ dx: -1, dy: 0, weight: 1 }];
    expect([...correlate(Float32Array.of(1, 2, 3), 1, 3, left, 'mirror')]).toEqual([2, 1, 2]);
    expect([...correlate(Float32Array.of(1, 2, 3), 1, 3, left, 'repeat')]).toEqual([1, 1, 2]);
  });

  it('samples between pixels', () => {
    expect(sample(Float32Array.of(0, 1, 2, 3), 2, 2, 0.5, 0.5, 'repeat')).toBeCloseTo(1.5);
  });

  it('enlarging by 1 changes nothing, and a larger zoom shows less', () => {
    const ramp = Float32Array.from({ length: 100 }, (_, p) => p % 10);
    expect([...enlarge(ramp, 10, 10, 1)]).toEqual([...ramp]);
    const zoomed = enlarge(ramp, 10, 10, 2);
    expect(zoomed[9]! - zoomed[0]!).toBeLessThan(6);
    expect(zoomed[0]).toBeGreaterThan(1);
  });

  it('a smear weighs 1 in all and begins where it is', () => {
    const taps = motionTaps(6, 2, 0.3);
    expect(taps.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1);
    expect([Math.abs(taps[0]!.dx), Math.abs(taps[0]!.dy)]).toEqual([0, 0]);
    expect(taps).toHaveLength(13);
  });
});
