import type { Shape } from '@mien/onnx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkGradients } from '../../test/finite-differences.ts';
import { uniform } from '../../test/random.ts';
import { Graph } from '../graph.ts';
import { add, broadcastShape, div, mul, neg, scale, sub } from './arithmetic.ts';

const pairs: [Shape, Shape][] = [
  [
    [2, 3],
    [2, 3],
  ],
  [
    [2, 3, 1, 5],
    [3, 4, 1],
  ],
  [[4], [2, 3, 4]],
  [[], [3, 2]],
  [
    [1, 1],
    [5, 1],
  ],
  [
    [1, 3, 1, 1],
    [2, 3, 3, 5],
  ],
  [[7], [1]],
];

describe.each([
  ['add', add],
  ['sub', sub],
  ['mul', mul],
  ['div', div],
] as const)('%s', (_, op) => {
  it.each(pairs)('[%j] with [%j]', async (a, b) => {
    // Divisors stay away from 0.
    const size = b.reduce((p, d) => p * d, 1);
    const values = uniform(size, 5, 0.5, 2).map((v, i) => (i % 3 ? v : -v));
    await checkGradients({ inputs: { a, b: { shape: b, values } }, build: (v) => op(v.a!, v.b!) });
  });

  it('of a value with itself', () =>
    checkGradients({ inputs: { a: { shape: [3], values: Float32Array.of(0.5, -1, 2) } }, build: (v) => op(v.a!, mul(v.a!, v.a!)) }));
});

describe('neg, scale', () => {
  it('gradient', () => checkGradients({ inputs: { x: [2, 5] }, build: (v) => scale(neg(v.x!), 2.5) }));
  it('of a scalar', () => checkGradients({ inputs: { x: [] }, build: (v) => neg(scale(v.x!, -3)) }));
});

describe('broadcastShape', () => {
  const dims = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 });

  it('does not depend on the order, and repeating it changes nothing', () => {
    fc.assert(
      fc.property(dims, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), fc.nat(5), (shape, ones, dropped) => {
        const other = shape.map((dim, i) => (ones[i] ? 1 : dim)).slice(Math.min(dropped, shape.length));
        const both = broadcastShape('Add', shape, other);
        expect(both).toEqual(shape);
        expect(broadcastShape('Add', other, shape)).toEqual(shape);
        expect(broadcastShape('Add', both, other)).toEqual(shape);
      }),
    );
  });

  it('keeps an empty dimension', () => {
    expect(broadcastShape('Add', [0, 3], [1, 3])).toEqual([0, 3]);
  });

  it.each([
    ['add', add, 'Add'],
    ['sub', sub, 'Sub'],
    ['mul', mul, 'Mul'],
    ['div', div, 'Div'],
  ] as const)('%s names both shapes that do not fit', (_, op, name) => {
    const graph = new Graph('g');
    expect(() => op(graph.input('a', [2, 3]), graph.input('b', [4, 3]))).toThrow(`${name}: shapes [2,3] and [4,3] do not broadcast`);
  });
});
