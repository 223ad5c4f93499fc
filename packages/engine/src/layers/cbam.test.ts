import { describe, expect, it } from 'vitest';
import { block as b, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { uniform } from '../../test/random.ts';
import { infer, prepare, weightsOf } from '../../test/training.ts';
import { Graph } from '../graph.ts';
import { standardKernels } from '../kernels/kernels.ts';
import { relativeError } from '../kernels/probe.ts';
import { describeNetwork, Net, type Network } from '../network.ts';
import { relu } from '../ops/activation.ts';
import { conv } from '../ops/conv.ts';
import { globalAveragePool } from '../ops/pooling.ts';
import { flatten } from '../ops/shape.ts';
import { cbam, type CbamOptions, channelAttention } from './cbam.ts';
import { convNorm } from './norm-layer.ts';
import { denseLayer } from './dense-layer.ts';

const alone =
  (options: CbamOptions): Network =>
  (net, x) =>
    cbam(net, 'cbam', x, options);

const residual: Network = (net, x) => {
  const stem = convNorm(net, 'conv1', 'bn1', x, { channels: b, activation: 'Relu' });
  const y = convNorm(net, 'conv2', 'bn2', stem, { channels: b, residual: cbam(net, 'attention', stem, { reduction: 4, kernel: 3 }) });
  return denseLayer(net, 'head', flatten(globalAveragePool(cbam(net, 'last', y, { reduction: 2 }))), 3);
};

describe('cbam', () => {
  it('has the parameters of system B on 512 channels', () => {
    const { params, layers } = describeNetwork(alone({ reduction: 8, kernel: 3 }), [512, 7, 7]);
    expect(params.total).toBe(66_131);
    expect(layers.reduce((sum, layer) => sum + layer.params, 0)).toBe(66_131);
  });

  it('without biases has those of the paper', () => {
    expect(describeNetwork(alone({ bias: false }), [64, 7, 7]).params.total).toBe(2 * 64 * 4 + 2 * 49);
  });

  it('is the formula', async () => {
    const [C, H, W] = [4, 3, 2];
    const shape = [1, C, H, W];
    const x = uniform(C * H * W, 5);
    const weights = weightsOf(alone({ reduction: 2, kernel: 1 }), [C, H, W]);
    const y = await infer(alone({ reduction: 2, kernel: 1 }), [C, H, W], weights, x);
    const at = (values: ArrayLike<number>, c: number, p: number): number => values[c * H * W + p]!;
    const sigma = (v: number): number => 1 / (1 + Math.exp(-v));
    const positions = Array.from({ length: H * W }, (_, p) => p);
    const channels = [0, 1, 2, 3];
    const w = (name: string): Float32Array => weights.get(`cbam.${name}`)!;
    const mlp = (v: number[]): number[] => {
      const hidden = [0, 1].map((h) =>
        Math.max(
          0,
          v.reduce((s, x, c) => s + x * w('channel.fc1.weight')[h * C + c]!, w('channel.fc1.bias')[h]!),
        ),
      );
      return channels.map((c) => hidden.reduce((s, x, h) => s + x * w('channel.fc2.weight')[c * 2 + h]!, w('channel.fc2.bias')[c]!));
    };
    const mean = mlp(channels.map((c) => positions.reduce((s, p) => s + at(x, c, p), 0) / (H * W)));
    const max = mlp(channels.map((c) => Math.max(...positions.map((p) => at(x, c, p)))));
    const gated = channels.flatMap((c) => positions.map((p) => at(x, c, p) * sigma(mean[c]! + max[c]!)));
    const [kMean, kMax] = w('spatial.conv.weight');
    for (const p of positions) {
      const column = channels.map((c) => at(gated, c, p));
      const gate = sigma((kMean! * column.reduce((a, v) => a + v, 0)) / C + kMax! * Math.max(...column) + w('spatial.conv.bias')[0]!);
      for (const c of channels) expect(at(y, c, p)).toBeCloseTo(column[c]! * gate, 5);
    }
    expect(y.length).toBe(shape.reduce((a, v) => a * v, 1));
  });

  it('names a reduction that leaves nothing', () => {
    const build = () => describeNetwork((net, x) => channelAttention(net, 'a', x, { reduction: 16 }), [8, 3, 3]);
    expect(build).toThrow('8 channels cannot be reduced 16 times');
  });

  it.skipIf(noBlocks)(`blocked by ${kernels.block} has the gradients of the standard kernels, and stays blocked`, async () => {
    const [standard, blocked] = [
      await prepare(residual, [1, 7, 6], { batch: b, kernels: standardKernels }),
      await prepare(residual, [1, 7, 6], { batch: b, kernels }),
    ];
    expect(await blocked.run()).toBeCloseTo(await standard.run(), 4);
    for (const [i, { name, gradients }] of blocked.slots.entries()) {
      expect(relativeError(blocked.toPlain(name, gradients), standard.slots[i]!.gradients), name).toBeLessThan(1e-3);
    }
    await standard.release();
    await blocked.release();
    const graph = new Graph('g', kernels);
    const x = relu(conv(graph.input('x', [2, b, 5, 5]), graph.parameter('w', [b, b, 3, 3])));
    const before = graph.nodes.length;
    const net = new Net({
      graph,
      mode: 'train',
      batch: 2,
      symbolicBatch: false,
      weights: undefined,
      frozen: () => false,
      specs: [],
      layers: [],
      updates: [],
      masks: [],
      inputs: [],
      multiplyAdds: 0,
    });
    const y = cbam(net, 'cbam', x, { reduction: 2, kernel: 3 });
    expect(y.names.blocked).toBeDefined();
    expect(graph.nodes.slice(before).map((n) => n.opType)).not.toContain('ReorderOutput');
  });

  it('gives every image what it gets alone', async () => {
    const input = [2, 5, 4];
    const network: Network = (net, x) => cbam(net, 'cbam', x, { reduction: 2, kernel: 3 });
    const weights = weightsOf(network, input);
    const images = uniform(3 * 40, 4);
    const together = await infer(network, input, weights, images);
    for (const n of [0, 1, 2]) expect(await infer(network, input, weights, images.subarray(n * 40, n * 40 + 40))).toEqual(together.slice(n * 40, n * 40 + 40));
  });
});
