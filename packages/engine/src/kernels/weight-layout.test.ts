import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockWeights, unblockWeights } from './weight-layout.ts';

describe('weight layout', () => {
  it('blocked and back is the same, and only the order changes', () => {
    const shapes = fc.record({
      block: fc.constantFrom(8, 16),
      o: fc.integer({ min: 1, max: 3 }),
      i: fc.integer({ min: -15, max: 2 }),
      kh: fc.constantFrom(1, 3),
      kw: fc.constantFrom(1, 2),
    });
    fc.assert(
      fc.property(shapes, ({ block, o, i, kh, kw }) => {
        // Fewer input channels than a block, or a multiple of it.
        const inputs = i <= 0 ? Math.max(1, block - 1 + i) : i * block;
        const shape = [o * block, inputs, kh, kw];
        const plain = Float32Array.from({ length: o * block * inputs * kh * kw }, (_, at) => at);
        const blocked = blockWeights(plain, shape, block);
        expect(unblockWeights(blocked, shape, block)).toEqual(plain);
        expect(blocked.toSorted()).toEqual(plain);
      }),
    );
  });

  it('stands as [O/b, I/b, H, W, b(i), b(o)]', () => {
    const [O, I, H, W, b] = [16, 24, 3, 2, 8];
    const plain = Float32Array.from({ length: O * I * H * W }, (_, at) => at);
    const blocked = blockWeights(plain, [O, I, H, W], b);
    const at = (o: number, i: number, h: number, w: number) =>
      ((((Math.floor(o / b) * (I / b) + Math.floor(i / b)) * H + h) * W + w) * b + (i % b)) * b + (o % b);
    for (const [o, i, h, w] of [
      [0, 0, 0, 0],
      [9, 17, 2, 1],
      [15, 23, 1, 0],
    ] as const)
      expect(blocked[at(o, i, h, w)]).toBe(((o * I + i) * H + h) * W + w);
  });

  it('stands as [O/b, I, H, W, b(o)] for fewer than b input channels', () => {
    const [O, I, H, W, b] = [16, 3, 2, 2, 8];
    const plain = Float32Array.from({ length: O * I * H * W }, (_, at) => at);
    const blocked = blockWeights(plain, [O, I, H, W], b);
    const at = (o: number, i: number, h: number, w: number) => (((Math.floor(o / b) * I + i) * H + h) * W + w) * b + (o % b);
    for (const [o, i, h, w] of [
      [0, 0, 0, 0],
      [9, 2, 1, 0],
      [15, 1, 0, 1],
    ] as const)
      expect(blocked[at(o, i, h, w)]).toBe(((o * I + i) * H + h) * W + w);
  });
});
