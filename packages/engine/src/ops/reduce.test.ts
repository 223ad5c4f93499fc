import { describe, expect, it } from 'vitest';
import { checkGradients } from '../../test/finite-differences.ts';
import { Graph } from '../graph.ts';
import { reduceMean, reduceSum, sumAll } from './reduce.ts';

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
