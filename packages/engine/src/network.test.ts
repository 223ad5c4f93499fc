import { describe, expect, it } from 'vitest';
import { block as b, kernels, noBlocks } from '../test/compare-kernels.ts';
import { infer, prepare, weightsOf } from '../test/training.ts';
import { type Kernels, standardKernels } from './kernels/kernels.ts';
import { denseLayer } from './layers/dense-layer.ts';
import { convNorm } from './layers/norm-layer.ts';
import { buildNetwork, type Network } from './network.ts';
import { globalAveragePool } from './ops/pooling.ts';
import { flatten } from './ops/shape.ts';

const input = [1, 8, 7];

const network: Network = (net, x) => {
  let y = convNorm(net, 'stem', 'stem_bn', x, { channels: b, activation: 'Relu' });
  y = convNorm(net, 'low', 'low_bn', y, { channels: b, residual: y, activation: 'Relu' });
  y = convNorm(net, 'high', 'high_bn', y, { channels: 2 * b, stride: 2, activation: 'Relu' });
  return denseLayer(net, 'head', flatten(globalAveragePool(y)), 3);
};

const kinds: [string, Kernels][] = [['standard', standardKernels], ...(noBlocks ? [] : [[`blocked by ${kernels.block}`, kernels] as [string, Kernels]])];

describe.each(kinds)('a network with frozen weights, %s', (_, chosen) => {
  const options = { batch: b, kernels: chosen };
  const lower = (name: string): boolean => !name.startsWith('head') && !name.startsWith('high');

  it('has gradients for the others only', async () => {
    const step = await prepare(network, input, { ...options, frozen: lower });
    expect(step.slots.map((s) => s.name)).toEqual(['high.weight', 'high_bn.weight', 'high_bn.bias', 'head.weight', 'head.bias']);
    await step.release();
  });

  it('all of them but the head: the logits are those of inference, and no statistic moves', async () => {
    const step = await prepare(network, input, { ...options, frozen: (name) => !name.startsWith('head') });
    const before = step.save();
    await step.run();
    expect(step.save()).toEqual(before);
    const logits = await infer(network, input, before, step.images);
    for (const [i, value] of logits.entries()) expect(step.logits[i]).toBeCloseTo(value, 4);
    await step.release();
  });

  it('moves the statistics of norms that train, and only those', async () => {
    const step = await prepare(network, input, { ...options, frozen: lower });
    const before = step.save();
    await step.run();
    const moved = [...step.save()].filter(([name, values]) => values.some((v, i) => v !== before.get(name)![i])).map(([name]) => name);
    expect(moved).toEqual(['high_bn.running_mean', 'high_bn.running_var']);
    await step.release();
  });

  it('keeps statistics alone where only they are frozen', async () => {
    const step = await prepare(network, input, { ...options, frozen: (name) => name.includes('running') });
    const before = step.save();
    await step.run();
    expect(step.save()).toEqual(before);
    expect(step.slots.map((s) => s.name)).toContain('low_bn.weight');
    for (const slot of step.slots)
      expect(
        slot.gradients.some((g) => g !== 0),
        slot.name,
      ).toBe(true);
    await step.release();
  });

  it('builds no backward nodes below the lowest trained weight', async () => {
    const nodes = (frozen: (name: string) => boolean): number => {
      const built = buildNetwork(network, input, { mode: 'train', batch: b, kernels: chosen, frozen });
      return built.graph.tape.length;
    };
    expect(nodes((name) => name !== 'head.bias')).toBe(1);
    expect(nodes(lower)).toBeLessThan(nodes(() => false));
  });
});

describe('freezing', () => {
  it('refuses a network with nothing left to train', async () => {
    await expect(prepare(network, input, { batch: 2, kernels: standardKernels, frozen: () => true })).rejects.toThrow('nothing to train');
  });

  it('is asked for full names, and noted in the specs', () => {
    const { specs } = buildNetwork(network, input, { mode: 'train', batch: 1, frozen: (name) => name === 'low_bn.bias' });
    expect(specs.filter((s) => s.frozen).map((s) => s.name)).toEqual(['low_bn.bias']);
    expect(specs.length).toBe(weightsOf(network, input).size);
  });
});
