import type { Shape } from '@mien/onnx';
import { describe, expect, it } from 'vitest';
import { checkGradients } from '../../test/finite-differences.ts';
import { Graph } from '../graph.ts';
import { concat, slice } from './concat.ts';
import { layerNorm } from './layer-norm.ts';
import { matMul } from './matmul.ts';
import { softmax } from './softmax.ts';

describe('softmax', () => {
  it.each([[[1, 7]], [[3, 5]], [[2, 3, 4]], [[2, 1, 3, 5]]] as [Shape][])('gradient at %j', (shape) =>
    checkGradients({ inputs: { x: shape }, build: (v) => softmax(v.x!) }),
  );
  it('along another axis', () => checkGradients({ inputs: { x: [2, 5, 3] }, build: (v) => softmax(v.x!, 1) }));
});

describe('matMul', () => {
  const cases: [Shape, Shape][] = [
    [
      [1, 1],
      [1, 1],
    ],
    [
      [3, 5],
      [5, 2],
    ],
    [
      [2, 3, 5],
      [2, 5, 4],
    ],
    [
      [2, 1, 3, 4],
      [2, 3, 4, 5],
    ],
    [
      [2, 3, 4],
      [4, 5],
    ],
  ];
  it.each(cases)('%j · %j', (a, b) => checkGradients({ inputs: { a, b }, build: (v) => matMul(v.a!, v.b!) }));
  it('names both sides', () => {
    const graph = new Graph('g');
    expect(() => matMul(graph.input('a', [2, 3]), graph.input('b', [4, 5]))).toThrow('MatMul: [2,3] · [4,5]');
  });
});

describe('layerNorm', () => {
  it.each([[[1, 4]], [[3, 7]], [[2, 3, 5]]] as [Shape][])('x %j', (shape) => {
    const D = shape.at(-1)!;
    return checkGradients({ inputs: { x: shape, gamma: [D], beta: [D] }, build: (v) => layerNorm(v.x!, v.gamma!, v.beta!) });
  });
});

describe('concat and slice', () => {
  it('joins along the first and a middle axis', async () => {
    await checkGradients({ inputs: { a: [1, 3], b: [2, 3] }, build: (v) => concat([v.a!, v.b!], 0) });
    await checkGradients({ inputs: { a: [2, 1, 3], b: [2, 4, 3], c: [2, 2, 3] }, build: (v) => concat([v.a!, v.b!, v.c!], 1) });
  });
  it('cuts', () => checkGradients({ inputs: { x: [2, 5, 3] }, build: (v) => slice(v.x!, 1, 1, 4) }));
  it('names what does not fit', () => {
    const graph = new Graph('g');
    expect(() => concat([graph.input('a', [2, 3]), graph.input('b', [2, 4])], 0)).toThrow('Concat: [2,4] does not fit [2,3] along axis 0');
    expect(() => slice(graph.input('x', [2, 3]), 1, 1, 4)).toThrow('Slice: 1…4 does not lie within axis 1 of [2,3]');
  });
});
