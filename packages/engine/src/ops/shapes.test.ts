/** What every op says of shapes: the one it declares is the one ONNX Runtime computes, and one that does not fit is refused in words. */
import type { Shape } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradients } from '../autodiff.ts';
import { Graph, type Value } from '../graph.ts';
import { relu, sigmoid } from './activation.ts';
import { add, mul } from './arithmetic.ts';
import { attention, selfAttention } from './attention.ts';
import { concat, slice } from './concat.ts';
import { conv } from './conv.ts';
import { dense } from './dense.ts';
import { dropout, stochasticDepth } from './dropout.ts';
import { scaleChannels } from './gate.ts';
import { layerNorm } from './layer-norm.ts';
import { distillationLoss, softmaxCrossEntropy } from './loss.ts';
import { matMul } from './matmul.ts';
import { batchNorm, batchNormFrozen, batchNormInference } from './normalization.ts';
import { adaptiveAveragePool, averagePool, globalAveragePool, maxPool } from './pooling.ts';
import { reduceMax, reduceMean, reduceSum, sumAll } from './reduce.ts';
import { expand, flatten, reshape, transpose, unsqueeze } from './shape.ts';
import { softmax } from './softmax.ts';
import { prependToken, toTokens } from './tokens.ts';

type Build = (graph: Graph, input: (...shape: number[]) => Value) => Value;

/** Runs an op on zeros: the shapes of its result and of its gradients, declared and real. */
async function shapesOf(build: Build): Promise<{ declared: Shape[]; real: Shape[] }> {
  const graph = new Graph('shapes');
  const inputs: Value[] = [];
  const y = build(graph, (...shape) => {
    const value = graph.parameter(`x${inputs.length}`, shape);
    inputs.push(value);
    return value;
  });
  const values = [y, ...gradients(graph, sumAll(y), inputs)];
  for (const [i, value] of values.entries()) graph.output(`o${i}`, value);
  const session = await createSession(graph.encode(), { threads: 1 });
  try {
    const feeds = Object.fromEntries(
      inputs.map((x, i) => [`x${i}`, { dtype: 'float32' as const, shape: x.shape, data: new Float32Array(x.shape.reduce((a, d) => a * d, 1)) }]),
    );
    const results = await session.run(feeds);
    expect(values.slice(1).map((v) => v.shape)).toEqual(inputs.map((v) => v.shape));
    return { declared: values.map((v) => v.shape), real: values.map((_, i) => results[`o${i}`]!.shape) };
  } finally {
    await session.release();
  }
}

const side = fc.integer({ min: 1, max: 7 });
const few = fc.integer({ min: 1, max: 3 });

/** Of each op, a case with sizes drawn at random. */
const ops: Record<string, fc.Arbitrary<Build>> = {
  conv: fc
    .record({ N: few, C: few, O: few, H: side, W: side, kh: few, kw: few, stride: few, padding: fc.nat(2) })
    .filter((s) => s.H + 2 * s.padding >= s.kh && s.W + 2 * s.padding >= s.kw)
    .map((s) => (_, x) => conv(x(s.N, s.C, s.H, s.W), x(s.O, s.C, s.kh, s.kw), { stride: s.stride, padding: s.padding })),
  maxPool: fc
    .record({ N: few, C: few, H: side, W: side, size: few, stride: few })
    .filter((s) => s.H >= s.size && s.W >= s.size)
    .map((s) => (_, x) => maxPool(x(s.N, s.C, s.H, s.W), s.size, { stride: s.stride })),
  averagePool: fc
    .record({ N: few, C: few, H: side, W: side, h: few, w: few, stride: few, padding: fc.nat(1), countPad: fc.boolean() })
    .filter((s) => s.H + 2 * s.padding >= s.h && s.W + 2 * s.padding >= s.w && s.padding < Math.min(s.h, s.w))
    .map((s) => (_, x) => averagePool(x(s.N, s.C, s.H, s.W), [s.h, s.w], { stride: s.stride, padding: s.padding, countPad: s.countPad })),
  adaptiveAveragePool: fc
    .record({ N: few, C: few, H: side, W: side, h: few, w: few })
    .map((s) => (_, x) => adaptiveAveragePool(relu(x(s.N, s.C, s.H, s.W)), [s.h, s.w])),
  reduceMax: fc
    .record({ shape: fc.array(few, { minLength: 1, maxLength: 4 }), picked: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }) })
    .map(({ shape, picked }) => (_, x) => {
      const axes = shape.map((_, i) => i).filter((i) => picked[i]);
      return reduceMax(relu(x(...shape)), axes);
    }),
  matMul: fc
    .record({ batch: fc.array(few, { maxLength: 2 }), M: few, D: few, P: few })
    .map((s) => (_, x) => matMul(x(...s.batch, s.M, s.D), x(...s.batch, s.D, s.P))),
  dense: fc.record({ lead: fc.array(few, { minLength: 1, maxLength: 3 }), D: few, K: few }).map((s) => (_, x) => dense(x(...s.lead, s.D), x(s.K, s.D), x(s.K))),
  selfAttention: fc.record({ N: few, T: few, heads: few, d: few }).map((s) => (_, x) => selfAttention(x(s.N, s.T, 3 * s.heads * s.d), s.heads)),
  layerNorm: fc.record({ lead: fc.array(few, { minLength: 1, maxLength: 3 }), D: few }).map((s) => (_, x) => layerNorm(x(...s.lead, s.D), x(s.D), x(s.D))),
  batchNorm: fc.record({ N: few, C: few, H: side, W: side }).map((s) => (_, x) => batchNorm(x(s.N, s.C, s.H, s.W), x(s.C), x(s.C)).y),
  broadcast: fc
    .record({ shape: fc.array(few, { minLength: 1, maxLength: 4 }), ones: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), dropped: fc.nat(3) })
    .map(
      ({ shape, ones, dropped }) =>
        (_, x) =>
          add(mul(x(...shape), x(...shape.map((dim, i) => (ones[i] ? 1 : dim)).slice(dropped))), x(...shape.slice(dropped))),
    ),
  transpose: fc
    .array(few, { minLength: 1, maxLength: 4 })
    .chain((shape) =>
      fc
        .shuffledSubarray(
          shape.map((_, i) => i),
          { minLength: shape.length },
        )
        .map((order) => ({ shape, order })),
    )
    .map(
      ({ shape, order }) =>
        (_, x) =>
          sigmoid(transpose(x(...shape), order)),
    ),
  concatAndSlice: fc
    .record({ shape: fc.array(few, { minLength: 1, maxLength: 3 }), axis: fc.nat(2), more: few })
    .filter((s) => s.axis < s.shape.length)
    .map(({ shape, axis, more }) => (_, x) => {
      const joined = concat([x(...shape), x(...shape.map((dim, i) => (i === axis ? more : dim)))], axis);
      return slice(joined, axis, 1, shape[axis]! + more);
    }),
  tokens: fc.record({ N: few, C: few, H: few, W: few }).map((s) => (_, x) => prependToken(x(1, 1, s.C), toTokens(x(s.N, s.C, s.H, s.W)))),
};

describe('declared shapes are real', () => {
  it.each(Object.entries(ops))('%s', async (_, arbitrary) => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async (build) => {
        const { declared, real } = await shapesOf(build);
        expect(real).toEqual(declared);
      }),
      { numRuns: 15 },
    );
  });
});

/** One line an op: what does not fit, and the words in which it says so. */
const refusals: Record<string, [Build, string]> = {
  add: [(_, x) => add(x(2, 3), x(4, 3)), 'Add: shapes [2,3] and [4,3] do not broadcast'],
  attention: [(_, x) => attention(x(1, 2, 4), x(1, 3, 4), x(1, 2, 4)), 'q [1,2,4], k [1,3,4] and v [1,2,4]'],
  selfAttention: [(_, x) => selfAttention(x(2, 4)), 'expected qkv [N,T,3D], got [2,4]'],
  concat: [(_, x) => concat([x(2, 3), x(3, 3)], 1), 'Concat: [3,3] does not fit [2,3] along axis 1'],
  'concat of nothing': [() => concat([], 1), 'nothing to join along axis 1'],
  'concat, axis': [(_, x) => concat([x(2, 3)], 2), 'Concat: axis 2 is not one of [2,3]'],
  slice: [(_, x) => slice(x(2, 3), 1, 2, 5), 'Slice: 2…5 does not lie within axis 1 of [2,3]'],
  conv: [(_, x) => conv(x(1, 3, 5, 5), x(4, 2, 3, 3)), 'input channels 3 must match weight channels 2 (x [1,3,5,5], w [4,2,3,3])'],
  'conv, bias': [(_, x) => conv(x(1, 3, 5, 5), x(4, 3, 3, 3), { bias: x(3) }), 'bias [3] must be [4], one for each filter of w [4,3,3,3]'],
  dense: [(_, x) => dense(x(2, 3), x(4, 5)), 'Gemm: x [2,3] and weights [4,5] must share their last dimension'],
  'dense of tokens': [(_, x) => dense(x(2, 7, 3), x(4, 5)), 'Gemm: x [2,7,3] and weights [4,5]'],
  'dense, bias': [(_, x) => dense(x(2, 3), x(4, 3), x(3)), 'bias [3] must be [4], one for each row of the weights [4,3]'],
  dropout: [(_, x) => dropout(x(2, 3), x(2, 4), 0.5), 'mask [2,4] must have the shape of x [2,3]'],
  stochasticDepth: [(_, x) => stochasticDepth(x(2, 3), x(3), 0.5), 'mask [3] must be [2]'],
  scaleChannels: [(_, x) => scaleChannels(x(2, 3, 4, 4), x(2, 3)), 'x [2,3,4,4] needs a gate [2,3,1,1], got [2,3]'],
  layerNorm: [(_, x) => layerNorm(x(2, 3), x(4), x(4)), 'x [2,3] needs a scale [3], got [4]'],
  'layerNorm, bias': [(_, x) => layerNorm(x(2, 3), x(3), x(4)), 'scale [3] and bias [4] must have the same shape'],
  softmaxCrossEntropy: [(_, x) => softmaxCrossEntropy(x(2, 3), x(2, 4)), 'logits [2,3], targets [2,4]'],
  'softmaxCrossEntropy, rank': [(_, x) => softmaxCrossEntropy(x(2, 3, 4), x(2, 3, 4)), 'expected logits [N,K], got [2,3,4]'],
  distillationLoss: [(_, x) => distillationLoss(x(2, 3), x(2, 4), 2), 'student [2,3], teacher [2,4]'],
  matMul: [(_, x) => matMul(x(2, 3), x(4, 5)), 'MatMul: [2,3] · [4,5]'],
  'matMul, batch': [(_, x) => matMul(x(2, 3, 4), x(3, 4, 5)), 'MatMul: shapes [2] and [3] do not broadcast'],
  batchNorm: [(_, x) => batchNorm(x(2, 3, 4, 4), x(4), x(4)).y, 'x [2,3,4,4] has 3 channels, scale [4]'],
  'batchNorm, residual': [
    (_, x) => batchNorm(x(2, 3, 4, 4), x(3), x(3), { residual: x(2, 3, 4, 5) }).y,
    'residual [2,3,4,5] must have the shape of x [2,3,4,4]',
  ],
  batchNormFrozen: [(_, x) => batchNormFrozen(x(2, 3, 4, 4), x(3), x(3), x(3), x(2)), 'mean [3] and variance [2] must have the shape of scale [3]'],
  batchNormInference: [(_, x) => batchNormInference(x(2, 3, 4, 4), x(3), x(2), x(3), x(3)), 'scale [3] and bias [2] must have the same shape'],
  maxPool: [(_, x) => maxPool(x(1, 2, 2, 5), 3), 'MaxPool: a 3×3 window does not fit x [1,2,2,5]'],
  averagePool: [(_, x) => averagePool(x(1, 2, 2, 5), [3, 2]), 'AveragePool: a 3×2 window does not fit x [1,2,2,5]'],
  adaptiveAveragePool: [(_, x) => adaptiveAveragePool(x(2, 3), [1, 1]), 'a grid of 1×1 cells over x [2,3]'],
  globalAveragePool: [(_, x) => globalAveragePool(x(2, 3)), 'GlobalAveragePool: expected x [N,C,H,W], got [2,3]'],
  reduceSum: [(_, x) => reduceSum(x(2, 3), [2]), 'ReduceSum: axis 2 is not one of x [2,3]'],
  reduceMean: [(_, x) => reduceMean(x(2, 3), [-1]), 'axis -1 is not one of x [2,3]'],
  reduceMax: [(_, x) => reduceMax(x(2, 3), [5]), 'ReduceMax: axis 5 is not one of x [2,3]'],
  reshape: [(_, x) => reshape(x(2, 3), [2, 4]), 'Reshape: [2,3] does not hold as many values as [2,4]'],
  expand: [(_, x) => expand(x(2, 3), [2, 4]), 'Expand: [2,3] does not broadcast to [2,4]'],
  transpose: [(_, x) => transpose(x(2, 3), [0, 0]), 'Transpose: [0,0] does not order the axes of x [2,3]'],
  unsqueeze: [(_, x) => unsqueeze(x(2, 3), [4]), 'Unsqueeze: axes [4] are not all new ones of x [2,3]'],
  flatten: [(_, x) => flatten(x()), 'Flatten: expected x [N,…], got []'],
  softmax: [(_, x) => softmax(x(2, 3), 2), 'Softmax: axis 2 is not one of x [2,3]'],
  toTokens: [(_, x) => toTokens(x(2, 3)), 'expected x [N,C,H,W], got [2,3]'],
  prependToken: [(_, x) => prependToken(x(1, 1, 3), x(2, 4, 5)), 'x [2,4,5] needs a token [1,1,5], got [1,1,3]'],
};

describe('what does not fit is refused, naming both sides', () => {
  it.each(Object.entries(refusals))('%s', (_, [build, words]) => {
    const graph = new Graph('refused');
    let count = 0;
    expect(() => build(graph, (...shape) => graph.parameter(`x${count++}`, shape))).toThrow(words);
  });
});
