/** Every architecture as a whole: blocked against standard kernels while training, and training against inference. */
import { adam, buildNetwork, describeNetwork, type Kernels, probeKernels, relativeError, standardKernels, TrainStep } from '@mien/engine';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { randomSource } from '../test/random.ts';
import { classes, pixels, type Setting, smallSetting } from '../test/small-builds.ts';
import { architectures } from './registry.ts';

const { kernels, report } = await probeKernels(createSession);
if (!kernels.block) console.warn(`blocked kernels are not tested on this machine: ${report}`);

/** The others are built of the same blocks, and take too long. */
const others = [
  'mien-seresnet',
  'shallow-cnn',
  'deeper-cnn',
  'se-cnn',
  'resnet18',
  'resnet34',
  'resnet50',
  'vgg16',
  'vgg19',
  'vgg19-bn',
  'inception-v3',
  'efficientnet-b0',
];
const tested = architectures.map((a) => a.name).filter((name) => !others.includes(name));

async function prepare({ network, input, weights }: Setting, batch: number, chosen: Kernels, movingRate = 0.1): Promise<TrainStep> {
  const step = await TrainStep.create({ network, input, classes, batch, kernels: chosen, createSession, threads: 1, movingRate });
  step.load(weights);
  step.images.set(pixels(batch, input));
  for (let n = 0; n < batch; n++) step.targets[n * classes + (n % classes)] = 1;
  // The blocked kernels read masks in another order, so only full ones compare.
  for (const mask of step.masks) mask.data.fill(1);
  return step;
}

/**
 * ‖actual − expected‖ ÷ ‖expected‖: about 2e-6 as a rule, 1e-2 where rounding flips one ReLU of a deep network, near 1
 * for a wrong layout.
 */
function distance(actual: Float32Array, expected: Float32Array): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}

describe('whole networks', () => {
  it.skipIf(!kernels.block).each(tested)('%s: gradients of all weights on blocked kernels are those of the standard ones', async (name) => {
    const given = smallSetting(name);
    const results = [];
    for (const chosen of [standardKernels, kernels]) {
      const step = await prepare(given, kernels.block, chosen);
      const loss = await step.run();
      results.push({
        loss,
        gradients: new Map(step.slots.map((s) => [s.name, step.toPlain(s.name, s.gradients)])),
        weights: step.save(),
        logits: step.logits.slice(),
      });
      await step.release();
    }
    const [standard, blocked] = results as [(typeof results)[0], (typeof results)[0]];
    expect(blocked.loss).toBeCloseTo(standard.loss, 4);
    expect(relativeError(blocked.logits, standard.logits)).toBeLessThan(1e-3);
    // What has no influence, as a bias in front of a norm, has rounding alone as its gradient; so has the mean of a
    // convolution of normalised channels.
    const largest = (values: Float32Array): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const noise = 1e-5 * Math.max(...[...standard.gradients.values()].map(largest));
    let compared = 0;
    for (const [weight, expected] of standard.gradients) {
      if (largest(expected) < noise) continue;
      compared++;
      expect(distance(blocked.gradients.get(weight)!, expected), `gradient of ${weight}, largest ${largest(expected)}`).toBeLessThan(4e-2);
    }
    expect(compared).toBeGreaterThan(standard.gradients.size / 2);
    for (const [weight, expected] of standard.weights) {
      if (largest(expected) > 1e-4) expect(relativeError(blocked.weights.get(weight)!, expected), weight).toBeLessThan(1e-3);
    }
  });

  it('resnet18-48: the inference network with the statistics of a batch gives that batch’s training logits', async () => {
    const given = smallSetting('resnet18-48');
    const { network, input } = given;
    const batch = 3;
    const step = await prepare(given, batch, kernels, 1);
    await step.run();
    const weights = step.save();
    for (const { name, type, output } of describeNetwork(network, input).layers) {
      if (type !== 'batch-norm') continue;
      const count = batch * output[1]! * output[2]!;
      // Training normalises by the biased variance and keeps the unbiased one.
      weights.set(
        `${name}.running_var`,
        weights.get(`${name}.running_var`)!.map((v) => (v * (count - 1)) / count),
      );
    }
    const built = buildNetwork(network, input, { mode: 'infer', batch: 1, weights, symbolicBatch: true });
    built.graph.output('logits', built.logits, { symbolicBatch: true });
    const session = await createSession(built.graph.encode(), { threads: 1 });
    const { logits } = await session.run({ image: { dtype: 'float32', shape: [batch, ...input], data: step.images } });
    expect(logits!.shape).toEqual([batch, classes]);
    expect(relativeError(logits!.data as Float32Array, step.logits)).toBeLessThan(1e-3);
    await session.release();
    await step.release();
  });

  it.each(['mien-net', 'resnet18-cbam', 'resnet18-patch-attention', 'vit-small'])(
    '%s: learns a handful of pictures by heart from fresh weights',
    async (name) => {
      const { network, input, specs } = smallSetting(name);
      const weights = new Map(specs.map((spec, i) => [spec.name, spec.initializer(spec.shape, randomSource(i + 1))]));
      const step = await prepare({ network, input, specs, weights }, 4, standardKernels);
      const optimizer = adam(step.slots, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: true });
      const first = await step.run();
      let last = first;
      for (let i = 0; i < 25; i++) {
        optimizer.step(3e-3);
        last = await step.run();
      }
      await step.release();
      expect(first).toBeGreaterThan(1);
      expect(first).toBeLessThan(4);
      expect(last).toBeLessThan(first / 3);
    },
  );
});
