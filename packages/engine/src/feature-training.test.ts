import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { block as b, kernels as found, noBlocks } from '../test/compare-kernels.ts';
import { uniform } from '../test/random.ts';
import { weightsOf } from '../test/training.ts';
import { createFeatureTraining, type FeatureTraining } from './feature-training.ts';
import { type Kernels, standardKernels } from './kernels/kernels.ts';
import { relativeError } from './kernels/probe.ts';
import { cbam } from './layers/cbam.ts';
import { convLayer } from './layers/conv-layer.ts';
import { denseLayer } from './layers/dense-layer.ts';
import { dropoutLayer, stochasticDepthLayer } from './layers/dropout-layer.ts';
import { convNorm } from './layers/norm-layer.ts';
import type { Network } from './network.ts';
import { add } from './ops/arithmetic.ts';
import { globalAveragePool } from './ops/pooling.ts';
import { flatten } from './ops/shape.ts';
import { adam } from './optim/adam.ts';
import { TrainStep, type TrainStepOptions } from './train-step.ts';

const input = [1, 8, 7];
const batch = 4;

const network: Network = (net, x) => {
  let y = convNorm(net, 'stem', 'stem_bn', x, { channels: b, activation: 'Relu' });
  y = add(y, stochasticDepthLayer(net, 'depth', convNorm(net, 'low', 'low_bn', y, { channels: b, activation: 'Relu' }), 0.5));
  y = cbam(net, 'attention', y, { reduction: 2, kernel: 3 });
  y = convLayer(net, 'high', y, { channels: 2 * b, stride: 2 });
  return denseLayer(net, 'head', dropoutLayer(net, 'drop', flatten(globalAveragePool(y)), 0.5), 3);
};

const kinds: [string, Kernels][] = [['standard', standardKernels], ...(noBlocks ? [] : [[`blocked by ${found.block}`, found] as [string, Kernels]])];

/** A few steps of Adam on two fixed batches; the weights at the end, and the losses. */
async function train(step: TrainStep, inputs: readonly Float32Array[]): Promise<{ losses: number[]; weights: Map<string, Float32Array> }> {
  const optimizer = adam(step.slots, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false });
  const losses: number[] = [];
  for (let i = 0; i < 4; i++) {
    step.images.set(inputs[i % 2]!);
    for (let n = 0; n < batch; n++) for (let k = 0; k < 3; k++) step.targets[n * 3 + k] = k === (n + i) % 3 ? 1 : 0;
    for (const mask of step.masks) for (let k = 0; k < mask.data.length; k++) mask.data[k] = (k + i) % 3 ? 1 : 0;
    losses.push(await step.run());
    optimizer.step(0.01);
  }
  return { losses, weights: step.save() };
}

describe.each(kinds)('training on features, %s', (_, kernels) => {
  const options = (frozen: (name: string) => boolean): TrainStepOptions => ({ network, input, classes: 3, batch, kernels, createSession, threads: 1, frozen });
  const images = [uniform(batch * 56, 1), uniform(batch * 56, 2)];

  const cases: [string, (name: string) => boolean, number][] = [
    ['the classifier', (name) => !name.startsWith('head'), 2 * b],
    ['the last convolution', (name) => !name.startsWith('head') && !name.startsWith('high'), b * 56],
    ['attention and all above it', (name) => /^(stem|low)/.test(name), b * 56],
  ];

  // To rounding: ONNX Runtime fuses the two halves otherwise than the whole.
  it.each(cases)('%s has the losses and weights of training on the images', async (_, frozen, featureSize) => {
    const plain = await TrainStep.create(options(frozen));
    plain.load(weightsOf(network, input));
    const expected = await train(plain, images);
    await plain.release();

    const training: FeatureTraining = await createFeatureTraining(options(frozen));
    training.step.load(weightsOf(network, input));
    expect(training.featureSize).toBe(featureSize);
    const features: Float32Array[] = [];
    for (const each of images) features.push((await training.extract(each)).slice());
    const { losses, weights } = await train(training.step, features);
    for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(expected.losses[i]!, 5);
    expect([...weights.keys()]).toEqual([...expected.weights.keys()]);
    for (const [name, values] of weights) expect(relativeError(values, expected.weights.get(name)!), name).toBeLessThan(1e-4);
    await training.release();
  });

  it('features belong to their image, whatever the batch', async () => {
    const training = await createFeatureTraining(options((name) => !name.startsWith('head')));
    training.step.load(weightsOf(network, input));
    const size = training.featureSize;
    const first = (await training.extract(images[0]!)).slice();
    const turned = images[0]!.slice();
    for (let n = 0; n < batch; n++) turned.set(images[0]!.subarray(n * 56, n * 56 + 56), (batch - 1 - n) * 56);
    const second = await training.extract(turned);
    for (let n = 0; n < batch; n++) expect(second.slice((batch - 1 - n) * size, (batch - n) * size)).toEqual(first.slice(n * size, (n + 1) * size));
    await training.release();
  });

  it('refuses a network with nothing frozen below, and a batch of another size', async () => {
    await expect(createFeatureTraining(options((name) => name.startsWith('head')))).rejects.toThrow('the network has no frozen part');
    const training = await createFeatureTraining(options((name) => !name.startsWith('head')));
    await expect(training.extract(new Float32Array(3))).rejects.toThrow('features are of batches of 224 values [4,1,8,7], got 3');
    await training.release();
  });
});
