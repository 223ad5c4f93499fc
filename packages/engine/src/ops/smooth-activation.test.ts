import type { Shape } from '@mien/onnx';
import { describe, it } from 'vitest';
import { checkGradients } from '../../test/finite-differences.ts';
import { spaced } from '../../test/random.ts';
import { gelu, hardSigmoid, hardSwish, relu6, silu } from './activation.ts';
import { scale } from './arithmetic.ts';
import { reduceMax } from './reduce.ts';

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
