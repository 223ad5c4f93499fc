/**
 * A network of nearly everything there is, differentiated as a whole: residual blocks, CBAM, squeeze-and-excitation, depthwise
 * convolution, batch norm in both modes, self-attention over patches, two heads and a teacher. In double precision against
 * finite differences; the blocked kernels then against the standard ones.
 */
import { type Shape, sizeOf, type TensorValue } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { gradients } from '../src/autodiff.ts';
import type { Graph } from '../src/graph.ts';
import { relativeError } from '../src/kernels/probe.ts';
import { type Kernels, standardKernels } from '../src/kernels/kernels.ts';
import { classToken, multiHeadAttention, positionalEmbedding } from '../src/layers/attention-layer.ts';
import { cbam } from '../src/layers/cbam.ts';
import { denseLayer } from '../src/layers/dense-layer.ts';
import { dropoutLayer, stochasticDepthLayer } from '../src/layers/dropout-layer.ts';
import { convNorm, layerNormLayer } from '../src/layers/norm-layer.ts';
import { squeezeExcite } from '../src/layers/squeeze-excite.ts';
import { isTrained, type MultiHeadNetwork, Net, type WeightSpec } from '../src/network.ts';
import { relu, silu, tanh } from '../src/ops/activation.ts';
import { add } from '../src/ops/arithmetic.ts';
import { slice } from '../src/ops/concat.ts';
import { distillationLoss, softmaxCrossEntropy } from '../src/ops/loss.ts';
import { averagePool, globalAveragePool, maxPool } from '../src/ops/pooling.ts';
import { flatten } from '../src/ops/shape.ts';
import { toTokens } from '../src/ops/tokens.ts';
import { TrainStep } from '../src/train-step.ts';
import { block as b, kernels, noBlocks } from './compare-kernels.ts';
import { toFloat64 } from './float64.ts';
import { Float64Graph } from './float64-graph.ts';
import { randomSource, uniform } from './random.ts';
import { random, weightsOf } from './training.ts';

const input = [1, 13, 11];

const network =
  (C: number): MultiHeadNetwork =>
  (net, x) => {
    let y = convNorm(net, 'stem', 'stem_bn', x, { channels: C, activation: 'Relu' });
    y = maxPool(y, 3, { stride: 2, padding: 1 });
    const first = net.scope('block1');
    const inner = convNorm(first, 'conv1', 'bn1', y, { channels: C, activation: 'Relu' });
    y = add(
      y,
      stochasticDepthLayer(first, 'depth', cbam(first, 'cbam', convNorm(first, 'conv2', 'bn2', inner, { channels: C }), { reduction: 2, kernel: 3 }), 0.25),
    );
    const second = net.scope('block2');
    const shortcut = convNorm(second, 'downsample', 'downsample_bn', averagePool(y, 3, { stride: 1, padding: 1 }), {
      channels: 2 * C,
      kernel: 1,
      stride: 2,
      padding: 0,
    });
    y = silu(convNorm(second, 'depthwise', 'bn1', y, { channels: C, stride: 2, groups: C }));
    y = relu(add(squeezeExcite(second, 'se', convNorm(second, 'pointwise', 'bn2', y, { channels: 2 * C, kernel: 1 }), 2, { bias: true }), shortcut));
    const tokens = positionalEmbedding(net, 'positions', classToken(net, 'token', toTokens(y)));
    const mixed = add(tokens, multiHeadAttention(net, 'attn', layerNormLayer(net, 'norm', tokens), { heads: 2 }));
    const expression = denseLayer(net, 'expression', flatten(slice(mixed, 1, 0, 1)), 3);
    const votes = denseLayer(net, 'votes', dropoutLayer(net, 'drop', tanh(flatten(globalAveragePool(y))), 0.5), 4);
    return { expression, votes };
  };

/** The norms of the first block keep their statistics. */
const frozen = (name: string): boolean => name.startsWith('block1.bn') && name.includes('running');

interface Loss {
  readonly specs: readonly WeightSpec[];
  readonly feeds: Record<string, TensorValue>;
}

const f32 = (data: Float32Array, shape: Shape): TensorValue => ({ dtype: 'float32', shape, data });

/** Emits loss and gradients by every trained weight, and says what to feed. */
function build(graph: Graph, C: number, N: number): Loss {
  const specs: WeightSpec[] = [];
  const masks: { name: string; shape: Shape; rate: number }[] = [];
  const net = new Net({
    graph,
    mode: 'train',
    batch: N,
    symbolicBatch: false,
    weights: undefined,
    frozen,
    specs,
    layers: [],
    updates: [],
    masks,
    inputs: [],
    multiplyAdds: 0,
  });
  const { expression, votes } = network(C)(net, graph.input('image', [N, ...input]));
  const teacher = graph.input('teacher', [N, 4]);
  const loss = [
    softmaxCrossEntropy(expression!, graph.input('expression_targets', [N, 3])),
    softmaxCrossEntropy(votes!, graph.input('votes_targets', [N, 4])),
    distillationLoss(votes!, teacher, 2),
  ].reduce(add);
  graph.output('loss', loss);
  const trained = specs.filter(isTrained);
  const derivatives = gradients(
    graph,
    loss,
    trained.map((spec) => graph.parameters.get(spec.name)!.value),
  );
  for (const [i, spec] of trained.entries()) graph.output(`d:${spec.name}`, derivatives[i]!);
  const weights = weightsOf(network(C), input);
  const feeds: Record<string, TensorValue> = {
    image: f32(uniform(N * sizeOf(input), 5), [N, ...input]),
    teacher: f32(uniform(N * 4, 6, -2, 2), [N, 4]),
    expression_targets: f32(uniform(N * 3, 7, 0, 0.6), [N, 3]),
    votes_targets: f32(uniform(N * 4, 8, 0, 0.5), [N, 4]),
  };
  for (const spec of specs) feeds[spec.name] = f32(weights.get(spec.name)!, spec.shape);
  for (const mask of masks)
    feeds[mask.name] = { dtype: 'uint8', shape: mask.shape, data: Uint8Array.from(uniform(sizeOf(mask.shape), 9), (v) => (v > -0.4 ? 1 : 0)) };
  const used = new Set(graph.nodes.flatMap((n) => n.inputs));
  graph.inputs.splice(0, graph.inputs.length, ...graph.inputs.filter((port) => used.has(port.name)));
  return { specs: trained, feeds: Object.fromEntries(Object.entries(feeds).filter(([name]) => used.has(name))) };
}

describe('a residual network with CBAM, attention and both modes of batch norm', () => {
  it('has the gradients of its finite differences, in double precision, at every weight', async () => {
    const graph = new Float64Graph('whole');
    const { specs, feeds } = build(graph, 4, 3);
    // Fusions of ONNX Runtime have single-precision kernels only.
    const session = await createSession(toFloat64(graph.encode()), { threads: 1, optimize: 'disabled' });
    const doubled: Record<string, TensorValue> = Object.fromEntries(
      Object.entries(feeds).map(([name, t]) => [
        name,
        t.dtype === 'float32' ? { dtype: 'float64', shape: t.shape, data: Float64Array.from(t.data as Float32Array) } : t,
      ]),
    );
    const results = await session.run(doubled);
    const lossAt = async (): Promise<number> => (await session.run(doubled, ['loss'])).loss!.data[0] as number;
    const next = randomSource(3);
    const step = 1e-6;
    for (const spec of specs) {
      const values = doubled[spec.name]!.data as Float64Array;
      const analytic = results[`d:${spec.name}`]!.data as unknown as Float64Array;
      const magnitude = analytic.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
      expect(magnitude, `largest gradient of ${spec.name}`).toBeGreaterThan(0);
      const picked = values.length <= 3 ? [...values.keys()] : [0, 1, 2].map(() => Math.floor(next() * values.length));
      for (const at of picked) {
        const before = values[at]!;
        values[at] = before + step;
        const above = await lossAt();
        values[at] = before - step;
        const below = await lossAt();
        values[at] = before;
        const difference = Math.abs((above - below) / (2 * step) - analytic[at]!);
        expect(difference / magnitude, `d ${spec.name}[${at}]`).toBeLessThan(1e-5);
      }
    }
    await session.release();
  });

  async function step(of: Kernels, N: number): Promise<TrainStep> {
    const heads = { expression: { classes: 3 }, votes: { classes: 4, weight: 0.5, distillation: { temperature: 2, weight: 0.7 } } };
    const made = await TrainStep.create({ network: network(2 * b), input, heads, frozen, batch: N, kernels: of, createSession, threads: 1 });
    made.load(weightsOf(network(2 * b), input));
    made.images.set(uniform(made.images.length, 5));
    made.targets.set(uniform(made.targets.length, 7, 0, 0.6));
    made.targetsOf('votes').set(uniform(N * 4, 8, 0, 0.5));
    made.teacherOf('votes').set(uniform(N * 4, 6, -2, 2));
    const source = random(4);
    for (const mask of made.masks) for (let i = 0; i < mask.data.length; i++) mask.data[i] = source.next() < mask.rate ? 0 : 1;
    return made;
  }

  it.skipIf(noBlocks).each([1, 3, b])(`blocked by ${kernels.block}, batch %i, has those of the standard kernels`, async (N) => {
    const [standard, blocked] = [await step(standardKernels, N), await step(kernels, N)];
    // Dropout reads its mask in the layout of its input, so both are told to keep everything.
    for (const each of [standard, blocked]) for (const mask of each.masks) mask.data.fill(1);
    expect(await blocked.run()).toBeCloseTo(await standard.run(), 3);
    for (const [i, { name, gradients: found }] of blocked.slots.entries()) {
      expect(relativeError(blocked.toPlain(name, found), standard.slots[i]!.gradients), name).toBeLessThan(5e-3);
    }
    await standard.release();
    await blocked.release();
  });

  it.each([1, 2])('gives the same bits at every run, on %i threads', async (threads) => {
    const run = async (): Promise<unknown> => {
      const made = await TrainStep.create({
        network: network(2 * b),
        input,
        heads: { expression: { classes: 3 }, votes: { classes: 4 } },
        batch: b,
        kernels,
        createSession,
        threads,
      });
      made.load(weightsOf(network(2 * b), input));
      made.images.set(uniform(made.images.length, 5));
      made.targets.set(uniform(made.targets.length, 7, 0, 0.6));
      const source = random(4);
      const losses: number[] = [];
      for (let i = 0; i < 3; i++) {
        for (const mask of made.masks) for (let k = 0; k < mask.data.length; k++) mask.data[k] = source.next() < mask.rate ? 0 : 1;
        losses.push(await made.run());
        for (const { weights, gradients: g } of made.slots) for (let k = 0; k < g.length; k++) weights[k] = weights[k]! - 0.05 * g[k]!;
      }
      const weights = made.save();
      await made.release();
      return { losses, weights };
    };
    expect(await run()).toEqual(await run());
  });
});
