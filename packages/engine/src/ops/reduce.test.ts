import { describe, expect, it } from 'vitest';
import { block as b, compareKernels, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { Graph } from '../graph.ts';
import { mul } from './arithmetic.ts';
import { conv } from './conv.ts';
import { reduceMax, reduceMean, reduceSum, sumAll } from './reduce.ts';

const cases: [number[], number[]][] = [
  [[3], [0]],
  [[2, 3], [0]],
  [[2, 3], [1]],
  [
    [2, 1, 5],
    [0, 2],
  ],
  [
    [2, 3, 4, 5],
    [0, 2, 3],
  ],
  [
    [1, 1],
    [0, 1],
  ],
  [[2, 3], []],
];

describe.each([
  ['reduceSum', reduceSum],
  ['reduceMean', reduceMean],
] as const)('%s', (_, op) => {
  it.each(cases)('%j over %j', async (shape, axes) => {
    expect(op(new Graph('g').input('x', shape), axes).shape).toEqual(shape.map((dim, i) => (axes.includes(i) ? 1 : dim)));
    await checkGradients({ inputs: { x: shape }, build: (v) => op(v.x!, axes) });
  });
});

describe('sumAll', () => {
  it.each([[[]], [[4]], [[2, 3, 2]]])('gradient at %j', (shape) => checkGradients({ inputs: { x: shape }, build: (v) => sumAll(v.x!) }));
});

it('names an axis that is not there', () => {
  expect(() => reduceSum(new Graph('g').input('x', [2, 3]), [2])).toThrow('ReduceSum: axis 2 is not one of x [2,3]');
});

describe.skipIf(noBlocks).each([
  ['reduceSum', reduceSum],
  ['reduceMean', reduceMean],
  ['reduceMax', reduceMax],
] as const)(`%s, blocked by ${kernels.block}`, (_, op) => {
  // After a convolution, and used beside its operand, as in an attention gate.
  it.each([[[1]], [[2, 3]], [[1, 2, 3]], [[0]]])('over %j', (axes) =>
    compareKernels({
      inputs: { x: [3, b, 5, 7], w: [2 * b, b, 3, 3] },
      build: (v) => {
        const y = conv(v.x!, v.w!);
        return mul(y, op(y, axes));
      },
    }),
  );
});
