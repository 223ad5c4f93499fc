import { describe, expect, it } from 'vitest';
import { evaluate, f32 } from '../../test/evaluate.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { uniform } from '../../test/random.ts';
import { gradients } from '../autodiff.ts';
import { Graph, type Value } from '../graph.ts';
import { relativeError } from '../kernels/probe.ts';
import { mul } from './arithmetic.ts';
import { attention, selfAttention } from './attention.ts';
import { slice } from './concat.ts';
import { sumAll } from './reduce.ts';

describe('attention', () => {
  it.each([
    [1, 1, 4, 1],
    [2, 3, 6, 1],
    [2, 4, 6, 3],
    [1, 5, 8, 2],
  ])('N %i, T %i, D %i, %i heads', (N, T, D, heads) =>
    checkGradients({ inputs: { q: [N, T, D], k: [N, T, D], v: [N, T, D] }, build: (x) => attention(x.q!, x.k!, x.v!, heads) }),
  );
  it('refuses heads that do not divide D', () => {
    const x = new Graph('g').input('x', [1, 2, 6]);
    expect(() => attention(x, x, x, 4)).toThrow('6 features cannot be split into 4 heads');
  });
  it('names inputs of different shapes', () => {
    const g = new Graph('g');
    const [q, k] = [g.input('q', [1, 2, 6]), g.input('k', [1, 3, 6])];
    expect(() => attention(q, k, q)).toThrow('q [1,2,6], k [1,3,6] and v [1,2,6] must all be [N,T,D]');
  });
  it('does not mix the samples of a batch', async () => {
    const [first, second] = [uniform(12, 1), uniform(12, 2)];
    const of = (values: readonly Float32Array[]) =>
      f32(
        values.flatMap((v) => [...v]),
        [values.length, 2, 6],
      );
    const run = (batch: readonly Float32Array[]) => evaluate({ x: of(batch) }, ({ x }) => ({ y: attention(x!, x!, x!, 2) }));
    const [alone, together] = [await run([first]), await run([first, second])];
    expect(together.y!.subarray(0, 12)).toEqual(alone.y!);
  });
});

describe('selfAttention', () => {
  it.each([
    [1, 1, 4, 1],
    [2, 3, 6, 1],
    [2, 4, 6, 3],
    [1, 5, 8, 2],
  ])('N %i, T %i, D %i, %i heads', (N, T, D, heads) => checkGradients({ inputs: { qkv: [N, T, 3 * D] }, build: (x) => selfAttention(x.qkv!, heads) }));

  it('is attention on the three thirds, gradient too', async () => {
    const shape = [2, 3, 12];
    const thirds = (x: Value): [Value, Value, Value] => [slice(x, 2, 0, 4), slice(x, 2, 4, 8), slice(x, 2, 8, 12)];
    const results = await evaluate({ qkv: f32(uniform(72, 1), shape), r: f32(uniform(24, 2), [2, 3, 4]) }, ({ qkv, r }, graph) => {
      const [whole, split] = [selfAttention(qkv!, 2), attention(...thirds(qkv!), 2)];
      const gradient = (y: Value): Value => gradients(graph, sumAll(mul(y, r!)), [qkv!])[0]!;
      return { whole, split, dWhole: gradient(whole), dSplit: gradient(split) };
    });
    expect(relativeError(results.whole!, results.split!)).toBeLessThan(1e-6);
    expect(relativeError(results.dWhole!, results.dSplit!)).toBeLessThan(1e-5);
  });

  it('refuses features that are not three times anything, or heads that do not divide them', () => {
    const graph = new Graph('g');
    expect(() => selfAttention(graph.input('a', [1, 2, 7]))).toThrow('expected qkv [N,T,3D], got [1,2,7]');
    expect(() => selfAttention(graph.input('b', [1, 2, 18]), 4)).toThrow('6 features cannot be split into 4 heads');
  });
});
