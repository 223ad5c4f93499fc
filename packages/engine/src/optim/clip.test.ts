import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipGradients, gradientNorm } from './clip.ts';

const slotsOf = (lists: readonly (readonly number[])[]) =>
  lists.map((list, i) => ({ name: `w${i}`, weights: new Float32Array(list.length), gradients: Float32Array.from(list), decay: false }));

describe('clipGradients', () => {
  it('scales all slots by one factor, and gives the norm before', () => {
    const slots = slotsOf([[3], [0, 4]]);
    expect(clipGradients(slots, 2.5)).toBe(5);
    expect(slots.map((s) => [...s.gradients])).toEqual([[1.5], [0, 2]]);
  });

  it('leaves gradients within the norm alone', () => {
    const slots = slotsOf([[3], [0, 4]]);
    expect(clipGradients(slots, 5)).toBe(5);
    expect([...slots[1]!.gradients]).toEqual([0, 4]);
  });

  it('shows NaN and infinity instead of spreading them', () => {
    const slots = slotsOf([[1, Number.NaN], [7]]);
    expect(clipGradients(slots, 1)).toBeNaN();
    expect([...slots[1]!.gradients]).toEqual([7]);
    expect(clipGradients(slotsOf([[Number.POSITIVE_INFINITY]]), 1)).toBe(Number.POSITIVE_INFINITY);
  });

  it('afterwards the norm is the smaller of both, and the direction the same', () => {
    const list = fc.array(fc.float({ min: -100, max: 100, noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(list, { minLength: 1, maxLength: 4 }), fc.double({ min: 1e-2, max: 50, noNaN: true }), (lists, most) => {
        const [slots, before] = [slotsOf(lists), slotsOf(lists)];
        const norm = clipGradients(slots, most);
        const expected = Math.min(norm, most);
        expect(Math.abs(gradientNorm(slots) - expected)).toBeLessThanOrEqual(1e-5 * Math.max(1, expected));
        for (const [s, { gradients }] of slots.entries()) {
          for (const [i, g] of gradients.entries()) expect(Math.sign(g) * Math.sign(before[s]!.gradients[i]!)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
