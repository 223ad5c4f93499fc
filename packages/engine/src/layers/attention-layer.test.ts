import { describe, expect, it } from 'vitest';
import { kernels } from '../../test/compare-kernels.ts';
import { uniform } from '../../test/random.ts';
import { infer, prepare, weightsOf } from '../../test/training.ts';
import { describeNetwork, type Network } from '../network.ts';
import { gelu } from '../ops/activation.ts';
import { add } from '../ops/arithmetic.ts';
import { slice } from '../ops/concat.ts';
import { flatten } from '../ops/shape.ts';
import { toTokens } from '../ops/tokens.ts';
import { classToken, multiHeadAttention, positionalEmbedding } from './attention-layer.ts';
import { convLayer } from './conv-layer.ts';
import { denseLayer } from './dense-layer.ts';
import { layerNormLayer } from './norm-layer.ts';

const input = [1, 8, 8];

/** A vision transformer of one block on 4×4 patches. */
const transformer: Network = (net, x) => {
  const patches = toTokens(convLayer(net, 'patch', x, { channels: 8, kernel: 4, stride: 4, padding: 0 }));
  let y = positionalEmbedding(net, 'positions', classToken(net, 'token', patches));
  y = add(y, multiHeadAttention(net, 'attn', layerNormLayer(net, 'norm1', y), { heads: 2 }));
  y = add(y, denseLayer(net, 'fc2', gelu(denseLayer(net, 'fc1', layerNormLayer(net, 'norm2', y), 16)), 8));
  return denseLayer(net, 'head', flatten(slice(layerNormLayer(net, 'norm', y), 1, 0, 1)), 3);
};

describe('a small vision transformer', () => {
  it('counts its parameters and operations', () => {
    const { params, flops, layers } = describeNetwork(transformer, input);
    const attention = 4 * 64 + 4 * 8;
    expect(params.total).toBe(8 * 16 + 8 + 8 + 5 * 8 + attention + (8 * 16 + 16 + 16 * 8 + 8) + 3 * 16 + (24 + 3));
    expect(layers.reduce((sum, layer) => sum + layer.params, 0)).toBe(params.total);
    const T = 5;
    expect(flops).toBe(2 * (4 * 8 * 16 + T * (4 * 64 + 2 * 128) + 2 * T * T * 8 + 24));
  });

  it('infers for any batch what it trains', async () => {
    const step = await prepare(transformer, input, { batch: 5, kernels });
    await step.run();
    const logits = await infer(transformer, input, step.save(), step.images);
    for (const [i, value] of logits.entries()) expect(value).toBeCloseTo(step.logits[i]!, 4);
    await step.release();
  });

  it('answers for each sample by itself', async () => {
    const weights = weightsOf(transformer, input);
    const images = uniform(3 * 64, 8);
    const together = await infer(transformer, input, weights, images);
    for (const n of [0, 1, 2]) {
      const alone = await infer(transformer, input, weights, images.slice(n * 64, n * 64 + 64));
      for (const [k, value] of alone.entries()) expect(together[n * 3 + k]).toBeCloseTo(value, 5);
    }
  });

  it('descends', async () => {
    const step = await prepare(transformer, input, { batch: 4, kernels });
    const before = await step.run();
    let square = 0;
    for (const s of step.slots) for (const g of s.gradients) square += g * g;
    const rate = 1e-3 / Math.sqrt(square);
    for (const s of step.slots) for (let i = 0; i < s.weights.length; i++) s.weights[i] = s.weights[i]! - rate * s.gradients[i]!;
    expect((before - (await step.run())) / (rate * square)).toBeCloseTo(1, 1);
    await step.release();
  });
});

it('attention without projection has only queries, keys and values', () => {
  const network: Network = (net, x) => multiHeadAttention(net, 'attn', toTokens(x), { project: false, bias: false });
  expect(describeNetwork(network, [6, 2, 2]).params.total).toBe(3 * 36);
});
