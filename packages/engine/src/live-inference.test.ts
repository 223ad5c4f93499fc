import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { block as b, kernels as found, noBlocks } from '../test/compare-kernels.ts';
import { uniform } from '../test/random.ts';
import { infer, prepare } from '../test/training.ts';
import { type Kernels, standardKernels } from './kernels/kernels.ts';
import { relativeError } from './kernels/probe.ts';
import { denseLayer } from './layers/dense-layer.ts';
import { dropoutLayer } from './layers/dropout-layer.ts';
import { convNorm } from './layers/norm-layer.ts';
import { LiveInference } from './live-inference.ts';
import type { Network } from './network.ts';
import { globalAveragePool } from './ops/pooling.ts';
import { flatten } from './ops/shape.ts';

const input = [1, 9, 11];
const network: Network = (net, x) => {
  const stem = convNorm(net, 'stem', 'stem_bn', x, { channels: b, activation: 'Relu' });
  const inner = convNorm(net, 'conv', 'bn', stem, { channels: b, residual: stem, activation: 'Relu' });
  return denseLayer(net, 'head', dropoutLayer(net, 'drop', flatten(globalAveragePool(inner)), 0.5), 3);
};

const kinds: [string, Kernels][] = noBlocks
  ? [['standard', standardKernels]]
  : [
      ['standard', standardKernels],
      [`blocked by ${found.block}`, found],
    ];

describe.each(kinds)('LiveInference, %s', (_, kernels) => {
  const open = async () => {
    const step = await prepare(network, input, { classes: 3, batch: b, kernels });
    const live = await LiveInference.create(step, { network, input, batch: 5, kernels, createSession, threads: 1 });
    live.images.set(uniform(live.images.length, 5));
    return { step, live };
  };

  it('says what the exported network says, before and after the weights change', async () => {
    const { step, live } = await open();
    const check = async () => expect(relativeError(await live.run(), await infer(network, input, step.save(), live.images))).toBeLessThan(1e-4);
    await check();
    const before = live.logits.slice();
    await step.run(); // moves the statistics of the norms
    for (const { weights, gradients } of step.slots) for (let i = 0; i < weights.length; i++) weights[i] = weights[i]! - 0.1 * gradients[i]!;
    await check();
    expect(live.logits).not.toEqual(before);
    await live.release();
    await step.release();
  });

  it('changes nothing it reads: no weight, no statistic, no gradient', async () => {
    const { step, live } = await open();
    await step.run();
    const kept = () => [...step.save().values(), ...step.slots.map(({ gradients }) => gradients.slice())];
    const before = kept();
    await live.run();
    expect(kept()).toEqual(before);
    await live.release();
    await step.release();
  });

  it('refuses another network, naming the weight', async () => {
    const step = await prepare(network, input, { classes: 3, batch: b, kernels });
    const other: Network = (net, x) => denseLayer(net, 'other', flatten(x), 3);
    await expect(LiveInference.create(step, { network: other, input, batch: 1, kernels, createSession })).rejects.toThrow(/weight other\.weight .* none/);
    await step.release();
  });
});
