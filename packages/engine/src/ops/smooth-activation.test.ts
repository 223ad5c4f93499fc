import type { Shape } from '@mien/onnx';
import { describe, expect, it } from 'vitest';
import { block as b, compareKernels, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { evaluate, f32 } from '../../test/evaluate.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { spaced } from '../../test/random.ts';
import { gradients } from '../autodiff.ts';
import { gelu, hardSigmoid, hardSwish, relu6, silu } from './activation.ts';
import { scale } from './arithmetic.ts';
import { conv } from './conv.ts';
import { reduceMax, sumAll } from './reduce.ts';

const sizeOf = (shape: Shape): number => shape.reduce((p, d) => p * d, 1);

const shapes: [Shape][] = [[[]], [[7]], [[2, 3, 5]], [[1, 8, 3, 2]]];

describe.each([
  ['relu6', relu6],
  ['hardSigmoid', hardSigmoid],
  ['hardSwish', hardSwish],
] as const)('%s', (_, op) => {
  // Scaled, so that both kinks of the clipped forms are crossed.
  it.each(shapes)('gradient at %j', (shape) => checkGradients({ inputs: { x: shape }, build: (v) => op(scale(v.x!, 8)) }));
});

// ONNX Runtime has neither Erf nor its fused x·σ(x) in double precision.
describe.each([
  ['silu', silu],
  ['gelu', gelu],
] as const)('%s', (_, op) => {
  it.each(shapes)('gradient at %j', (shape) =>
    checkGradients({ inputs: { x: shape }, build: (v) => op(scale(v.x!, 3)), precision: 'float32', step: 0.01, tolerance: 3e-3 }),
  );
});

describe.skipIf(noBlocks)(`blocked by ${kernels.block}`, () => {
  it.each([
    ['silu', silu],
    ['hardSwish', hardSwish],
    ['gelu', gelu],
  ] as const)('%s', (_, op) => compareKernels({ inputs: { x: [2, b, 5, 7], w: [2 * b, b, 3, 3] }, build: (v) => op(conv(v.x!, v.w!)) }));
});

describe('silu', () => {
  it('far from 0 it is x or 0, and its gradient 1 or 0: nothing overflows', async () => {
    const found = await evaluate({ x: f32([-1e4, -100, 0, 100, 1e4]) }, (v, graph) => {
      const y = silu(v.x!);
      return { y, dx: gradients(graph, sumAll(y), [v.x!])[0]! };
    });
    for (const [i, expected] of [0, 0, 0, 100, 1e4].entries()) expect(found.y![i]).toBeCloseTo(expected, 4);
    for (const [i, expected] of [0, 0, 0.5, 1, 1].entries()) expect(found.dx![i]).toBeCloseTo(expected, 5);
  });
});

describe('reduceMax', () => {
  it.each([
    [[5], [0]],
    [[2, 3, 4], [1]],
    [
      [2, 3, 4],
      [0, 2],
    ],
    [[1, 4, 3, 2], [1]],
  ] as [Shape, number[]][])('x %j over %j', (shape, axes) =>
    checkGradients({ inputs: { x: { shape, values: spaced(sizeOf(shape), 5) } }, build: (v) => reduceMax(v.x!, axes), step: 1e-4 }),
  );
});
