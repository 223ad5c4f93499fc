import { sizeOf, type Shape, type TensorValue } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { spaced, uniform } from '../../test/random.ts';
import { gradients } from '../autodiff.ts';
import { Graph, type Value } from '../graph.ts';
import { hardSwish, relu, relu6 } from '../ops/activation.ts';
import { mul } from '../ops/arithmetic.ts';
import { softmaxCrossEntropy } from '../ops/loss.ts';
import { maxPool } from '../ops/pooling.ts';
import { sumAll } from '../ops/reduce.ts';
import { type Kernels, portableKernels, standardKernels } from './kernels.ts';
import { relativeError } from './probe.ts';

/** What WebGPU's provider in ONNX Runtime lacks. */
const lacking = ['Sign', 'LogSoftmax', 'MaxUnpool', 'ScatterElements'];

/** y and dx of a weighted sum of y = build(x), and the graph's op types. */
async function evaluate(kernels: Kernels, shape: Shape, values: Float32Array, build: (x: Value) => Value) {
  const graph = new Graph('portable', kernels);
  const x = graph.parameter('x', shape);
  const y = build(x);
  const weights = graph.input('weights', y.shape);
  const [dx] = gradients(graph, sumAll(mul(y, weights)), [x]);
  graph.output('y', y);
  graph.output('dx', dx!);
  const session = await createSession(graph.encode(), { threads: 1 });
  const f32 = (data: Float32Array, of: Shape): TensorValue => ({ dtype: 'float32', shape: of, data });
  const results = await session.run({ x: f32(values, shape), weights: f32(uniform(sizeOf(y.shape), 5), y.shape) });
  await session.release();
  return {
    y: results.y!.data as Float32Array,
    dx: results.dx!.data as Float32Array,
    ops: graph.nodes.map((n) => n.opType),
    poolsWithIndices: graph.nodes.filter((n) => n.opType === 'MaxPool' && n.outputs.length > 1).length,
  };
}

async function expectSame(shape: Shape, values: Float32Array, build: (x: Value) => Value): Promise<void> {
  const standard = await evaluate(standardKernels, shape, values, build);
  const portable = await evaluate(portableKernels, shape, values, build);
  expect(standard.ops.some((op) => lacking.includes(op))).toBe(true);
  expect(portable.ops.filter((op) => lacking.includes(op))).toEqual([]);
  expect(portable.poolsWithIndices).toBe(0);
  expect(relativeError(portable.y, standard.y)).toBeLessThan(1e-6);
  expect(relativeError(portable.dx, standard.dx)).toBeLessThan(1e-6);
}

describe('portable kernels give the numbers of the standard ones', () => {
  it.each<[string, Shape, number, { stride?: number; padding?: number }]>([
    ['windows that fill the map', [2, 3, 6, 8], 2, {}],
    ['rows and columns left over', [1, 2, 7, 9], 2, {}],
    ['windows of three', [2, 2, 9, 6], 3, {}],
    ['overlapping', [2, 3, 7, 7], 3, { stride: 2 }],
    ["overlapping with a border, as ResNet's", [2, 3, 8, 9], 3, { stride: 2, padding: 1 }],
    ['every position', [1, 2, 5, 6], 3, { stride: 1, padding: 1 }],
    ['a stride larger than the window', [2, 2, 11, 8], 2, { stride: 3 }],
    ['one window', [1, 1, 3, 4], 3, {}],
  ])('MaxPool: %s', async (_, shape, size, options) => {
    await expectSame(shape, spaced(sizeOf(shape), 3), (x) => maxPool(x, size, options));
  });

  it.each<[number, { stride?: number; padding?: number }]>([
    [2, {}],
    [3, { stride: 2, padding: 1 }],
  ])('MaxPool %i: where maxima are equal, the gradient goes to the first alone', async (size, options) => {
    const values = uniform(128, 4).map((v) => Math.round(v));
    await expectSame([2, 2, 4, 8], values, (x) => maxPool(x, size, options));
  });

  it.each<[string, (x: Value) => Value]>([
    ['relu', relu],
    ['relu6', relu6],
    ['hardSwish', hardSwish],
  ])('%s, also at its kinks', async (_, build) => {
    const values = uniform(64, 6, -8, 8);
    values.set([0, 6, -3, 3]);
    await expectSame([2, 4, 2, 4], values, build);
  });

  it('cross entropy, also with logits whose exponential overflows', async () => {
    const values = uniform(20, 7, -3, 3);
    values.set([200, -300, 90]);
    await expectSame([4, 5], values, (z) => softmaxCrossEntropy(z, z.graph.constant([...uniform(20, 8, 0, 1)], [4, 5])));
  });
});
