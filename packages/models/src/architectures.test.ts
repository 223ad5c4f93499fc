/** Every architecture as a whole: blocked against standard kernels, and training against inference. */
import {
  buildNetwork,
  constantOf,
  describeNetwork,
  type Kernels,
  type Network,
  probeKernels,
  type Random,
  relativeError,
  standardKernels,
  TrainStep,
} from '@mien/engine';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { architectures, findArchitecture } from './registry.ts';

const { kernels, report } = await probeKernels(createSession);
if (!kernels.block) console.warn(`blocked kernels are not tested on this machine: ${report}`);

/** Smaller than the faces they were designed for and not square: a quarter of the time, and the edges are odder. */
const sizeOf = (name: string): readonly number[] => {
  if (name === 'resnet18-48') return [1, 12, 10];
  return findArchitecture(name)!.input[0] === 3 ? [3, 66, 70] : [1, 18, 22];
};
/** The others are built of the same blocks, and their weights alone take too long to draw. */
const tested = architectures.map((a) => a.name).filter((name) => !['resnet34', 'resnet50', 'vgg16', 'vgg19'].includes(name));
const classes = 7;

function randomSource(seed: number): Random {
  let state = (seed * 2654435761) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) + 0.5) / 2 ** 24;
  };
  return { next, normal: () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()) };
}

function firstWeights(network: Network, input: readonly number[]): Map<string, Float32Array> {
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  return new Map(specs.map((spec, i) => [spec.name, spec.initializer(spec.shape, randomSource(i))]));
}

interface Setting {
  readonly network: Network;
  readonly input: readonly number[];
  readonly weights: ReadonlyMap<string, Float32Array>;
}

function setting(name: string): Setting {
  const network = findArchitecture(name)!.build({ classes });
  const input = sizeOf(name);
  return { network, input, weights: firstWeights(network, input) };
}

async function prepare({ network, input, weights }: Setting, batch: number, chosen: Kernels, movingRate = 0.1): Promise<TrainStep> {
  const step = await TrainStep.create({ network, input, classes, batch, kernels: chosen, createSession, threads: 1, movingRate });
  step.load(weights);
  const random = randomSource(6);
  for (let i = 0; i < step.images.length; i++) step.images[i] = random.normal();
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
    const given = setting(name);
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
    const given = setting('resnet18-48');
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

  it.each(tested.filter((name) => name !== 'shallow-cnn'))('%s: [N,C,H,W] → [N,7] at its own size, for any N', async (name) => {
    const { build, input: size } = findArchitecture(name)!;
    const network = build({ classes });
    const { specs } = buildNetwork(network, size, { mode: 'infer', batch: 1 });
    const weights = new Map(specs.map((spec) => [spec.name, constantOf(0.01)(spec.shape, randomSource(1))]));
    const built = buildNetwork(network, size, { mode: 'infer', batch: 1, weights, symbolicBatch: true });
    built.graph.output('logits', built.logits, { symbolicBatch: true });
    const session = await createSession(built.graph.encode(), { threads: 1 });
    for (const N of [1, 2]) {
      const { logits } = await session.run({
        image: { dtype: 'float32', shape: [N, ...size], data: new Float32Array(N * size[0] * size[1] * size[2]).fill(0.5) },
      });
      expect(logits!.shape).toEqual([N, 7]);
    }
    await session.release();
  });
});
