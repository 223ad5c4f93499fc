import { describe, expect, it } from 'vitest';
import { checkGradients } from '../../test/finite-differences.ts';
import { Graph } from '../graph.ts';
import { dense } from './dense.ts';

describe('dense', () => {
  it.each([
    [1, 1, 1],
    [1, 7, 3],
    [5, 3, 2],
    [3, 17, 9],
  ])('gradients for N=%i, D=%i, K=%i', async (N, D, K) => {
    await checkGradients({ inputs: { x: [N, D], w: [K, D], b: [K] }, build: (v) => dense(v.x!, v.w!, v.b!) });
    await checkGradients({ inputs: { x: [N, D], w: [K, D] }, build: (v) => dense(v.x!, v.w!) });
  });

  it.each([
    [1, 1, 3, 2],
    [2, 4, 5, 3],
  ])('of tokens, N=%i, T=%i, D=%i, K=%i', (N, T, D, K) =>
    checkGradients({ inputs: { x: [N, T, D], w: [K, D], b: [K] }, build: (v) => dense(v.x!, v.w!, v.b!) }),
  );

  it('names both sides when the features differ', () => {
    const g = new Graph('g');
    expect(() => dense(g.input('x', [2, 3]), g.input('w', [4, 5]))).toThrow(/Gemm: x \[2,3\] and weights \[4,5\]/);
    expect(() => dense(g.input('x4', [2, 3, 1, 1]), g.input('w2', [4, 3]))).toThrow(/\[2,3,1,1\].*\[4,3\]/);
  });
});
