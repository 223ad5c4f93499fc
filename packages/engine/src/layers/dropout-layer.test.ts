import { describe, expect, it } from 'vitest';
import { kernels } from '../../test/compare-kernels.ts';
import { prepare } from '../../test/training.ts';
import { buildNetwork, type Network } from '../network.ts';
import { add } from '../ops/arithmetic.ts';
import { flatten } from '../ops/shape.ts';
import { convLayer } from './conv-layer.ts';
import { denseLayer } from './dense-layer.ts';
import { stochasticDepthLayer } from './dropout-layer.ts';

const network =
  (rate: number): Network =>
  (net, x) => {
    const y = add(x, stochasticDepthLayer(net, 'depth', convLayer(net, 'branch', x, { channels: 2 }), rate));
    return denseLayer(net, 'head', flatten(y), 3);
  };

describe('stochasticDepthLayer', () => {
  it('asks for one mask value a sample, its rate rounded to 1/256', async () => {
    const step = await prepare(network(0.2), [2, 3, 3], { batch: 4, kernels });
    expect(step.masks.map(({ name, shape, rate }) => ({ name, shape, rate }))).toEqual([{ name: 'depth.mask', shape: [4], rate: 51 / 256 }]);
    await step.release();
  });

  it('a dropped sample is the shortcut alone', async () => {
    const step = await prepare(network(0.5), [2, 3, 3], { batch: 2, kernels });
    step.masks[0]!.data.set([0, 1]);
    await step.run();
    const dropped = step.logits.slice();
    step.slots.find((s) => s.name === 'branch.weight')!.weights.fill(9);
    await step.run();
    expect(step.logits.slice(0, 3)).toEqual(dropped.slice(0, 3));
    expect(step.logits.slice(3)).not.toEqual(dropped.slice(3));
    await step.release();
  });

  it('is nothing in inference and at rate 0', () => {
    const nodes = (rate: number, mode: 'train' | 'infer') => buildNetwork(network(rate), [2, 3, 3], { mode, batch: 2 });
    expect(nodes(0.5, 'infer').graph.nodes.length).toBe(nodes(0, 'infer').graph.nodes.length);
    expect(nodes(0, 'train').masks).toEqual([]);
  });
});
