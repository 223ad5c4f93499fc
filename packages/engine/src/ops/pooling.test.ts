import type { Shape } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { block as b, compareKernels, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { spaced } from '../../test/random.ts';
import { Graph, type Value } from '../graph.ts';
import { conv } from './conv.ts';
import { adaptiveAveragePool, averagePool, type AveragePoolOptions, globalAveragePool, maxPool, type PoolOptions } from './pooling.ts';

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

  const general: [Shape, number | [number, number], AveragePoolOptions][] = [
    [[1, 2, 5, 4], 2, {}],
    [[2, 2, 6, 7], [2, 3], {}],
    [[1, 1, 5, 5], 3, { stride: 1, padding: 1 }],
    [[1, 1, 5, 5], 3, { stride: 1, padding: 1, countPad: false }],
    [[2, 3, 4, 7], 3, { stride: 1 }],
    [[1, 2, 7, 8], 3, { stride: 2, padding: 1 }],
    [[1, 2, 7, 8], 3, { stride: 2, padding: 1, countPad: false }],
    [[2, 1, 9, 7], 2, { stride: 3 }],
    [[1, 1, 6, 5], 2, { padding: 1, countPad: false }],
    [[1, 2, 3, 3], 5, { stride: 1, padding: 2 }],
    [[1, 1, 1, 1], 3, { stride: 1, padding: 1, countPad: false }],
    [[1, 1, 7, 6], [3, 2], { stride: [2, 1] }],
  ];
  it.each(general)('x %j, window %j, %j', (shape, size, options) =>
    checkGradients({ inputs: { x: shape }, build: (v) => averagePool(v.x!, size, options), precision: 'float32' }),
  );

  it('at a border counts the zeros, or does not', async () => {
    const ones = { dtype: 'float32' as const, shape: [1, 1, 3, 3], data: new Float32Array(9).fill(1) };
    for (const [countPad, corner, edge] of [
      [true, 4 / 9, 6 / 9],
      [false, 1, 1],
    ] as const) {
      const graph = new Graph('g');
      graph.output('y', averagePool(graph.input('x', [1, 1, 3, 3]), 3, { stride: 1, padding: 1, countPad }));
      const session = await createSession(graph.encode(), { threads: 1 });
      const { y } = await session.run({ x: ones });
      await session.release();
      const expected = [corner, edge, corner, edge, 1, edge, corner, edge, corner];
      for (const [i, value] of expected.entries()) expect(y!.data[i]).toBeCloseTo(value, 6);
    }
  });

  it('names the window and the input it does not fit', () => {
    const x = new Graph('g').input('x', [1, 2, 5, 4]);
    expect(() => averagePool(x, 6)).toThrow('AveragePool: a 6×6 window does not fit x [1,2,5,4]');
    expect(() => averagePool(x, 2, { padding: 2 })).toThrow('AveragePool: a 2×2 window with padding 2 does not fit x [1,2,5,4]');
  });
});

describe('adaptiveAveragePool', () => {
  it.each([
    [
      [1, 2, 6, 4],
      [3, 2],
    ],
    [
      [2, 1, 7, 5],
      [3, 2],
    ],
    [
      [1, 2, 4, 4],
      [1, 1],
    ],
    [
      [1, 1, 2, 3],
      [5, 4],
    ],
  ] as [Shape, [number, number]][])('x %j to %j', (shape, size) =>
    checkGradients({ inputs: { x: shape }, build: (v) => adaptiveAveragePool(v.x!, size), precision: 'float32' }),
  );

  it('is the mean of each cell, cells overlapping where sizes do not divide', async () => {
    const graph = new Graph('g');
    graph.output('y', adaptiveAveragePool(graph.input('x', [1, 1, 1, 5]), [1, 3]));
    const session = await createSession(graph.encode(), { threads: 1 });
    const { y } = await session.run({ x: { dtype: 'float32', shape: [1, 1, 1, 5], data: Float32Array.of(1, 2, 4, 8, 16) } });
    await session.release();
    // Cells 0…1, 1…3 and 3…4.
    for (const [i, value] of [1.5, 14 / 3, 12].entries()) expect(y!.data[i]).toBeCloseTo(value, 5);
  });

  it('leaves a map of that size alone, and refuses an empty grid', () => {
    const x = new Graph('g').input('x', [1, 2, 7, 7]);
    expect(adaptiveAveragePool(x, [7, 7])).toBe(x);
    expect(() => adaptiveAveragePool(x, [0, 1])).toThrow('cannot lay a grid of 0×1 cells over x [1,2,7,7]');
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
  const averages: [number, AveragePoolOptions][] = [
    [3, { stride: 1, padding: 1 }],
    [3, { stride: 1, padding: 1, countPad: false }],
    [3, { stride: 2, padding: 1 }],
    [3, { stride: 2 }],
    [2, { stride: 1 }],
    [2, { stride: 3 }],
    [2, {}],
  ];
  it.each(averages)('averagePool of %i, %j', (size, options) => after((x) => averagePool(x, size, options), 7, 9));
  it('globalAveragePool', () => after(globalAveragePool, 5, 7));
});
