import { describe, expect, it } from 'vitest';
import { uniform } from '../../test/random.ts';
import { prepare } from '../../test/training.ts';
import { standardKernels } from '../kernels/kernels.ts';
import { convLayer } from '../layers/conv-layer.ts';
import { denseLayer } from '../layers/dense-layer.ts';
import { layerNormLayer } from '../layers/norm-layer.ts';
import type { Network } from '../network.ts';
import { gelu } from '../ops/activation.ts';
import { flatten } from '../ops/shape.ts';
import { accumulateGradients } from './accumulate.ts';

const input = [1, 5, 5];
/** Without batch norm, so that a sample's gradient does not depend on its batch. */
const network: Network = (net, x) => denseLayer(net, 'head', layerNormLayer(net, 'norm', flatten(gelu(convLayer(net, 'conv', x, { channels: 3 })))), 3);

describe('accumulateGradients', () => {
  it('three batches of two have the gradient of one of six', async () => {
    const images = uniform(6 * 25, 4);
    const [small, large] = [
      await prepare(network, input, { batch: 2, kernels: standardKernels }),
      await prepare(network, input, { batch: 6, kernels: standardKernels }),
    ];
    large.images.set(images);
    const loss = await large.run();
    const sum = accumulateGradients(small.slots);
    let mean = 0;
    for (let i = 0; i < 3; i++) {
      small.images.set(images.subarray(i * 50, i * 50 + 50));
      small.targets.set(large.targets.subarray(i * 6, i * 6 + 6));
      mean += (await small.run()) / 3;
      sum.add();
    }
    expect(sum.count).toBe(3);
    sum.finish();
    expect(mean).toBeCloseTo(loss, 5);
    for (const [s, { name, gradients, weights }] of sum.slots.entries()) {
      expect(weights).toBe(small.slots[s]!.weights);
      for (const [i, g] of gradients.entries()) expect(g, name).toBeCloseTo(large.slots[s]!.gradients[i]!, 5);
    }
    await small.release();
    await large.release();
  });

  it('begins anew after each update', () => {
    const source = [{ name: 'w', weights: new Float32Array(2), gradients: Float32Array.of(1, 2), decay: false }];
    const sum = accumulateGradients(source);
    sum.add();
    sum.add();
    sum.finish();
    expect(sum.count).toBe(0);
    source[0]!.gradients.set([5, 7]);
    sum.add();
    sum.finish();
    expect([...sum.slots[0]!.gradients]).toEqual([5, 7]);
  });

  it('refuses an update from nothing', () => {
    expect(() => accumulateGradients([]).finish()).toThrow('no gradients were accumulated');
  });
});
