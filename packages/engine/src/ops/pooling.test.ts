import type { Shape } from '@mien/onnx';
import { describe, expect, it } from 'vitest';
import { block as b, compareKernels, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { spaced } from '../../test/random.ts';
import { Graph, type Value } from '../graph.ts';
import { conv } from './conv.ts';
import { averagePool, globalAveragePool, maxPool, type PoolOptions } from './pooling.ts';

const sizeOf = (shape: Shape): number => shape.reduce((p, d) => p * d, 1);

describe('maxPool', () => {
  const cases: [Shape, number][] = [
    [[1, 1, 2, 2], 2],
    [[2, 3, 6, 4], 2],
    [[1, 2, 7, 5], 2],
    [[2, 2, 9, 6], 3],
    [[1, 2, 8, 10], 3],
    [[1, 1, 5, 5], 5],
    [[1, 2, 3, 3], 1],
  ];
  it.each(cases)('x %j, size %i', async (shape, size) => {
    // Steps smaller than half the distance between values never change which one is the largest.
    const step = 0.4 / sizeOf(shape);
    await checkGradients({
      inputs: { x: { shape, values: spaced(sizeOf(shape), 3) } },
      build: (v) => maxPool(v.x!, size),
      precision: 'float32',
      step,
      tolerance: 2e-3,
    });
  });

  const overlapping: [Shape, number, PoolOptions][] = [
    [[1, 1, 5, 5], 3, { stride: 2, padding: 1 }],
    [[2, 2, 7, 6], 3, { stride: 2, padding: 1 }],
    [[1, 2, 6, 5], 3, { stride: 1 }],
    [[1, 2, 8, 7], 2, { stride: 3 }],
    [[2, 1, 4, 4], 2, { padding: 1 }],
  ];
  it.each(overlapping)('x %j, size %i, %j', async (shape, size, options) => {
    const step = 0.4 / sizeOf(shape);
    const inputs = { x: { shape, values: spaced(sizeOf(shape), 3) } };
    await checkGradients({ inputs, build: (v) => maxPool(v.x!, size, options), precision: 'float32', step, tolerance: 2e-3 });
  });

  it('names the window and the input that is too small', () => {
    expect(() => maxPool(new Graph('g').input('x', [1, 2, 2, 5]), 3)).toThrow('MaxPool: a 3×3 window does not fit x [1,2,2,5]');
  });
});

describe('averagePool', () => {
  it.each([
    [[1, 1, 2, 2], 2],
    [[2, 3, 6, 4], 2],
    [[1, 2, 9, 3], 3],
  ] as [Shape, number][])('x %j, size %i', (shape, size) =>
    checkGradients({ inputs: { x: shape }, build: (v) => averagePool(v.x!, size), precision: 'float32' }),
  );

  it('names an input it does not divide', () => {
    expect(() => averagePool(new Graph('g').input('x', [1, 2, 5, 4]), 2)).toThrow(/x \[1,2,5,4\] must be divisible by 2/);
  });
});

describe('globalAveragePool', () => {
  it.each([[[1, 1, 1, 1]], [[2, 3, 5, 4]], [[3, 2, 7, 1]]] as [Shape][])('x %j', (shape) =>
    checkGradients({ inputs: { x: shape }, build: (v) => globalAveragePool(v.x!), precision: 'float32' }),
  );
});

describe.skipIf(noBlocks)(`pooling, blocked by ${kernels.block}`, () => {
  // A convolution before it, so that the op meets a blocked value.
  const after = (op: (x: Value) => Value, H: number, W: number) =>
    compareKernels({ inputs: { x: [b, b, H, W], w: [2 * b, b, 3, 3] }, build: (v) => op(conv(v.x!, v.w!)) });
  it('maxPool', () => after((x) => maxPool(x), 6, 8));
  it('maxPool, odd sizes', () => after((x) => maxPool(x), 7, 5));
  it('maxPool of 3', () => after((x) => maxPool(x, 3), 9, 7));
  it('averagePool', () => after((x) => averagePool(x), 6, 4));
  it('averagePool of 3', () => after((x) => averagePool(x, 3), 6, 9));
  it('globalAveragePool', () => after(globalAveragePool, 5, 7));
});
