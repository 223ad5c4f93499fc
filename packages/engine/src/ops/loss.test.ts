import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { evaluate, f32 } from '../../test/evaluate.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { uniform } from '../../test/random.ts';
import { Graph } from '../graph.ts';
import { scale } from './arithmetic.ts';
import { distillationLoss, softmaxCrossEntropy } from './loss.ts';

const targets = (N: number, K: number, sum?: number) => {
  const data = uniform(N * K, 3, 0, 1);
  if (sum !== undefined) {
    for (let n = 0; n < N; n++) {
      const total = data.subarray(n * K, (n + 1) * K).reduce((a, v) => a + v, 0);
      for (let k = 0; k < K; k++) data[n * K + k] = (data[n * K + k]! * sum) / total;
    }
  }
  return { dtype: 'float32' as const, shape: [N, K], data };
};

async function lossOf(logits: number[][], rows: number[][]): Promise<number> {
  const shape = [logits.length, logits[0]!.length];
  const graph = new Graph('g');
  graph.output('loss', softmaxCrossEntropy(graph.input('z', shape), graph.input('t', shape)));
  const session = await createSession(graph.encode(), { threads: 1 });
  const value = (rows: number[][]) => ({ dtype: 'float32' as const, shape, data: Float32Array.from(rows.flat()) });
  const { loss } = await session.run({ z: value(logits), t: value(rows) });
  await session.release();
  expect(loss!.shape).toEqual([]);
  return loss!.data[0] as number;
}

describe('softmaxCrossEntropy', () => {
  it.each([
    [1, 2, 1],
    [3, 7, 1],
    [4, 5, undefined],
    [2, 3, 0],
  ] as const)('gradient for N=%i, K=%i, rows summing to %s', (N, K, sum) =>
    checkGradients({ inputs: { z: [N, K] }, fixed: { t: targets(N, K, sum) }, build: (v) => softmaxCrossEntropy(v.z!, v.t!) }),
  );

  it('gradient through a scaled loss', () =>
    checkGradients({ inputs: { z: [2, 3] }, fixed: { t: targets(2, 3) }, build: (v) => scale(softmaxCrossEntropy(v.z!, v.t!), 3) }));

  it('values by hand', async () => {
    expect(await lossOf([[0, 0]], [[1, 0]])).toBeCloseTo(Math.log(2), 6);
    expect(await lossOf([[0, 0, 0]], [[0.5, 0.25, 0.25]])).toBeCloseTo(Math.log(3), 6);
    expect(
      await lossOf(
        [
          [2, 0],
          [0, 0],
        ],
        [
          [1, 0],
          [0, 1],
        ],
      ),
    ).toBeCloseTo((Math.log(1 + Math.exp(-2)) + Math.log(2)) / 2, 6);
    // A class weight of 3 on the first row.
    expect(
      await lossOf(
        [
          [2, 0],
          [0, 0],
        ],
        [
          [3, 0],
          [0, 1],
        ],
      ),
    ).toBeCloseTo((3 * Math.log(1 + Math.exp(-2)) + Math.log(2)) / 2, 6);
  });

  it('large logits stay finite', async () => {
    expect(await lossOf([[1000, 0]], [[0, 1]])).toBeCloseTo(1000, 3);
    expect(await lossOf([[-1e4, 1e4]], [[0, 1]])).toBeCloseTo(0, 6);
  });

  it('names both shapes when they differ', () => {
    const g = new Graph('g');
    expect(() => softmaxCrossEntropy(g.input('z', [2, 3]), g.input('t', [2, 4]))).toThrow(/logits \[2,3\], targets \[2,4\]/);
  });
});

describe('distillationLoss', () => {
  const teacher = (N: number, K: number) => f32(uniform(N * K, 23, -3, 3), [N, K]);

  it.each([
    [1, 2, 1],
    [3, 7, 4],
    [4, 5, 0.5],
  ])('gradient for N=%i, K=%i, T=%d', (N, K, T) =>
    checkGradients({ inputs: { s: [N, K] }, fixed: { t: teacher(N, K) }, build: (v) => distillationLoss(v.s!, v.t!, T) }),
  );

  it('is T² times the mean divergence, 0 from itself', async () => {
    const [s, t] = [uniform(6, 1, -2, 2), uniform(6, 2, -2, 2)];
    const softened = (z: Float32Array, n: number): number[] => {
      const e = [0, 1, 2].map((k) => Math.exp(z[n * 3 + k]! / 2));
      return e.map((v) => v / (e[0]! + e[1]! + e[2]!));
    };
    let expected = 0;
    for (const n of [0, 1]) {
      const [p, q] = [softened(t, n), softened(s, n)];
      for (const k of [0, 1, 2]) expected += (4 / 2) * p[k]! * Math.log(p[k]! / q[k]!);
    }
    const results = await evaluate({ s: f32(s, [2, 3]), t: f32(t, [2, 3]) }, (v) => ({
      loss: distillationLoss(v.s!, v.t!, 2),
      self: distillationLoss(v.s!, v.s!, 2),
    }));
    expect(results.loss![0]).toBeCloseTo(expected, 5);
    expect(results.self![0]).toBeCloseTo(0, 6);
  });

  it('names shapes that differ, and a temperature that is none', () => {
    const g = new Graph('g');
    const [s, t] = [g.input('s', [2, 3]), g.input('t', [2, 4])];
    expect(() => distillationLoss(s, t, 2)).toThrow('distillation: student [2,3], teacher [2,4]');
    expect(() => distillationLoss(s, s, 0)).toThrow('temperature 0 must be positive');
  });
});
