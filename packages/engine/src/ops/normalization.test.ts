import type { Shape } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { block as b, compareKernels, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { uniform } from '../../test/random.ts';
import { Graph, type Value } from '../graph.ts';
import { conv } from './conv.ts';
import { batchNorm, batchNormFrozen, batchNormInference } from './normalization.ts';

const shapes: [Shape][] = [[[3, 1, 1, 1]], [[2, 3, 4, 5]], [[1, 2, 3, 7]], [[5, 4, 1, 1]]];

/** β away from 0, so that no difference steps over the kink of ReLU by chance. */
const affine = (C: number) => ({ gamma: { shape: [C], values: uniform(C, 31, 0.5, 1.5) }, beta: [C] });

describe('batchNorm', () => {
  it.each(shapes)('%j', async (shape) => {
    const C = shape[1]!;
    await checkGradients({ inputs: { x: shape, ...affine(C) }, build: (v) => batchNorm(v.x!, v.gamma!, v.beta!).y });
    await checkGradients({ inputs: { x: shape, ...affine(C) }, build: (v) => batchNorm(v.x!, v.gamma!, v.beta!, { activation: 'Relu', epsilon: 1e-3 }).y });
    await checkGradients({ inputs: { x: shape, ...affine(C), r: shape }, build: (v) => batchNorm(v.x!, v.gamma!, v.beta!, { residual: v.r }).y });
    await checkGradients({
      inputs: { x: shape, ...affine(C), r: shape },
      build: (v) => batchNorm(v.x!, v.gamma!, v.beta!, { residual: v.r, activation: 'Relu' }).y,
      seed: 4,
    });
  });

  it('with x itself as the residual: both ways add up', () =>
    checkGradients({ inputs: { x: [2, 3, 3, 3], ...affine(3) }, build: (v) => batchNorm(v.x!, v.gamma!, v.beta!, { residual: v.x }).y }));

  it('puts out the mean and the biased variance of the batch, and y of mean β and deviation γ', async () => {
    const [N, C, H, W] = [3, 2, 5, 4];
    const graph = new Graph('g');
    const { y, mean, variance } = batchNorm(graph.input('x', [N, C, H, W]), graph.input('gamma', [C]), graph.input('beta', [C]));
    graph.output('y', y);
    graph.output('mean', mean);
    graph.output('variance', variance);
    const x = uniform(N * C * H * W, 8, -1, 3);
    const session = await createSession(graph.encode(), { threads: 1 });
    const out = await session.run({
      x: { dtype: 'float32', shape: [N, C, H, W], data: x },
      gamma: { dtype: 'float32', shape: [C], data: Float32Array.of(2, 0.5) },
      beta: { dtype: 'float32', shape: [C], data: Float32Array.of(-1, 3) },
    });
    await session.release();
    const ofChannel = (values: Float32Array, c: number) => values.filter((_, i) => Math.floor(i / (H * W)) % C === c);
    const moments = (values: Float32Array) => {
      const m = values.reduce((a, v) => a + v, 0) / values.length;
      return [m, values.reduce((a, v) => a + (v - m) ** 2, 0) / values.length] as const;
    };
    for (const c of [0, 1]) {
      const [m, v] = moments(ofChannel(x, c));
      expect(out.mean!.data[c]).toBeCloseTo(m, 5);
      expect(out.variance!.data[c]).toBeCloseTo(v, 5);
      const [ym, yv] = moments(ofChannel(out.y!.data as Float32Array, c));
      expect(ym).toBeCloseTo([-1, 3][c]!, 4);
      expect(Math.sqrt(yv)).toBeCloseTo([2, 0.5][c]!, 3);
    }
  });

  it('a constant channel gives β, not NaN', async () => {
    const graph = new Graph('g');
    const x = graph.parameter('x', [2, 1, 3, 3]);
    graph.output('y', batchNorm(x, graph.parameter('gamma', [1]), graph.parameter('beta', [1])).y);
    const session = await createSession(graph.encode(), { threads: 1 });
    const one = (value: number, shape: Shape) => ({ dtype: 'float32' as const, shape, data: new Float32Array(shape.reduce((p, d) => p * d, 1)).fill(value) });
    const { y } = await session.run({ x: one(0.3, [2, 1, 3, 3]), gamma: one(2, [1]), beta: one(0.7, [1]) });
    await session.release();
    for (const value of y!.data as Float32Array) expect(value).toBeCloseTo(0.7, 2);
  });

  it('names both sides when the channels differ', () => {
    const g = new Graph('g');
    expect(() => batchNorm(g.input('x', [2, 3, 4, 4]), g.input('gamma', [4]), g.input('beta', [4]))).toThrow(/x \[2,3,4,4\] has 3 channels, scale \[4\]/);
  });
});

describe('batchNormInference', () => {
  it('is γ·(x − μ)/√(σ² + ε) + β', async () => {
    const graph = new Graph('g');
    const c = (name: string) => graph.input(name, [2]);
    graph.output('y', batchNormInference(graph.input('x', [1, 2, 1, 2]), c('g'), c('b'), c('m'), c('v'), 0.5));
    const session = await createSession(graph.encode(), { threads: 1 });
    const of = (...values: number[]) => ({ dtype: 'float32' as const, shape: [values.length], data: Float32Array.from(values) });
    const x = { dtype: 'float32' as const, shape: [1, 2, 1, 2], data: Float32Array.of(1, 2, 3, 4) };
    const { y } = await session.run({ x, g: of(2, 3), b: of(1, -1), m: of(1, 2), v: of(3.5, 0.5) });
    await session.release();
    expect([...(y!.data as Float32Array)].map((v) => Math.round(v * 1e4) / 1e4)).toEqual([1, 2, 2, 5]);
  });
});

describe.skipIf(noBlocks)(`batchNorm, blocked by ${kernels.block}`, () => {
  const inputs = { x: [b, b, 5, 7], w: [2 * b, b, 3, 3], gamma: [2 * b], beta: [2 * b] };
  it('plain', () => compareKernels({ inputs, build: (v) => batchNorm(conv(v.x!, v.w!), v.gamma!, v.beta!).y }));
  it('with ReLU', () => compareKernels({ inputs, build: (v) => batchNorm(conv(v.x!, v.w!), v.gamma!, v.beta!, { activation: 'Relu' }).y }));
  it('with residual and ReLU', () =>
    compareKernels({
      inputs: { ...inputs, w2: [2 * b, 2 * b, 3, 3] },
      build: (v) => {
        const r = conv(v.x!, v.w!);
        return batchNorm(conv(r, v.w2!), v.gamma!, v.beta!, { residual: r, activation: 'Relu' }).y;
      },
    }));
  it('with a residual that is not blocked', () =>
    compareKernels({ inputs: { ...inputs, r: [b, 2 * b, 5, 7] }, build: (v) => batchNorm(conv(v.x!, v.w!), v.gamma!, v.beta!, { residual: v.r }).y }));
});

describe('batchNormFrozen', () => {
  const statistics = (C: number) => ({
    mean: { dtype: 'float32' as const, shape: [C], data: uniform(C, 41) },
    variance: { dtype: 'float32' as const, shape: [C], data: uniform(C, 42, 0.3, 2) },
  });
  it.each(shapes)('%j', async (shape) => {
    const C = shape[1]!;
    const fixed = statistics(C);
    await checkGradients({ inputs: { x: shape, ...affine(C) }, fixed, build: (v) => batchNormFrozen(v.x!, v.gamma!, v.beta!, v.mean!, v.variance!) });
    await checkGradients({
      inputs: { x: shape, ...affine(C), r: shape },
      fixed,
      build: (v) => batchNormFrozen(v.x!, v.gamma!, v.beta!, v.mean!, v.variance!, { residual: v.r, activation: 'Relu', epsilon: 1e-3 }),
      seed: 4,
    });
  });

  it('is the inference form', async () => {
    const shape = [2, 3, 4, 5];
    const graph = new Graph('g');
    const inputs = ['gamma', 'beta', 'mean', 'variance'].map((name) => graph.input(name, [3])) as [Value, Value, Value, Value];
    const x = graph.input('x', shape);
    graph.output('frozen', batchNormFrozen(x, ...inputs));
    graph.output('inference', batchNormInference(x, ...inputs));
    const session = await createSession(graph.encode(), { threads: 1 });
    const of = (data: Float32Array, shape: Shape = [3]) => ({ dtype: 'float32' as const, shape, data });
    const { frozen, inference } = await session.run({
      x: of(uniform(120, 1), shape),
      gamma: of(uniform(3, 2)),
      beta: of(uniform(3, 3)),
      ...statistics(3),
    });
    await session.release();
    for (const [i, value] of (inference!.data as Float32Array).entries()) expect(frozen!.data[i]).toBeCloseTo(value, 5);
  });

  it('names statistics that do not fit', () => {
    const g = new Graph('g');
    const [x, c3, c2] = [g.input('x', [1, 3, 2, 2]), g.input('c3', [3]), g.input('c2', [2])];
    expect(() => batchNormFrozen(x, c3, c3, c2, c3)).toThrow('mean [2] and variance [3] must have the shape of scale [3]');
  });

  it.skipIf(noBlocks)(`blocked by ${kernels.block}`, () =>
    compareKernels({
      inputs: { x: [b, b, 5, 7], w: [2 * b, b, 3, 3], w2: [2 * b, 2 * b, 3, 3], gamma: [2 * b], beta: [2 * b] },
      fixed: statistics(2 * b),
      build: (v) => {
        const r = conv(v.x!, v.w!);
        return batchNormFrozen(conv(r, v.w2!), v.gamma!, v.beta!, v.mean!, v.variance!, { residual: r, activation: 'Relu' });
      },
    }),
  );
});
