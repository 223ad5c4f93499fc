import type { Shape } from '@mien/onnx';
import { describe, expect, it } from 'vitest';
import { block as b, compareKernels, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { Graph } from '../graph.ts';
import { type ConvOptions, conv } from './conv.ts';

describe('conv in groups', () => {
  const cases: [Shape, Shape, ConvOptions][] = [
    [[1, 4, 5, 5], [4, 1, 3, 3], { groups: 4 }],
    [[2, 3, 6, 5], [3, 1, 3, 3], { groups: 3, stride: 2, padding: 1 }],
    [[2, 4, 5, 4], [6, 2, 3, 3], { groups: 2 }],
    [[2, 6, 7, 7], [4, 3, 1, 1], { groups: 2, stride: 2, padding: 0 }],
    [[2, 6, 3, 5], [4, 3, 1, 1], { groups: 2 }],
    [[1, 3, 6, 6], [6, 1, 3, 3], { groups: 3 }],
    [[2, 2, 7, 3], [2, 1, 5, 1], { groups: 2 }],
  ];
  it.each(cases)('x %j, w %j, %j', (x, w, options) =>
    checkGradients({ inputs: { x, w, bias: [w[0]!] }, build: (v) => conv(v.x!, v.w!, { ...options, bias: v.bias! }), precision: 'float32' }),
  );

  it('names channels and groups that do not fit', () => {
    const graph = new Graph('g');
    const [x, w] = [graph.input('x', [1, 6, 5, 5]), graph.input('w', [4, 2, 3, 3])];
    expect(() => conv(x, w, { groups: 2 })).toThrow('input channels 6 must match weight channels 2 × 2 groups');
  });
});

describe('kernels that are not square', () => {
  const cases: [Shape, Shape][] = [
    [
      [1, 2, 4, 9],
      [3, 2, 1, 7],
    ],
    [
      [2, 2, 9, 4],
      [2, 2, 7, 1],
    ],
    [
      [1, 1, 5, 6],
      [2, 1, 3, 5],
    ],
  ];
  it.each(cases)('x %j, w %j', (x, w) => checkGradients({ inputs: { x, w }, build: (v) => conv(v.x!, v.w!), precision: 'float32' }));
});

describe.skipIf(noBlocks)(`depthwise, blocked by ${kernels.block}`, () => {
  const cases: [Shape, [number, number], ConvOptions][] = [
    [[2, b, 5, 5], [3, 3], {}],
    [[3, 2 * b, 7, 5], [5, 5], {}],
    [[2, 2 * b, 8, 8], [3, 3], { stride: 2, padding: 1 }],
    [[2, b, 7, 9], [3, 3], { stride: 2, padding: 1 }],
    [[1, b, 9, 9], [3, 3], { dilation: 2 }],
    [[2, b, 6, 8], [1, 5], {}],
  ];
  it.each(cases)('x %j, kernel %j, %j', (x, [kh, kw], options) =>
    compareKernels({ inputs: { x, w: [x[1]!, 1, kh, kw] }, build: (v) => conv(v.x!, v.w!, { ...options, groups: x[1]! }) }),
  );
});
