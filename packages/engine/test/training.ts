/** Networks made ready to train in tests: first weights with norms and statistics away from 1 and 0, images, targets, full masks. */
import { createSession } from '@mien/onnx/node';
import type { Random } from '../src/initializers.ts';
import type { Kernels } from '../src/kernels/kernels.ts';
import { type AnyNetwork, buildNetwork, type Network, type Weights } from '../src/network.ts';
import { TrainStep, type TrainStepOptions } from '../src/train-step.ts';
import { randomSource, uniform } from './random.ts';

export function random(seed: number): Random {
  const next = randomSource(seed);
  return { next, normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()) };
}

export function weightsOf(network: AnyNetwork, input: readonly number[]): Map<string, Float32Array> {
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  return new Map(
    specs.map((spec, i) => {
      const values = spec.initializer(spec.shape, random(i));
      if (spec.shape.length > 1) return [spec.name, values];
      const noise = uniform(values.length, i, 0.01, 0.3);
      return [spec.name, values.map((v, k) => v + noise[k]!)];
    }),
  );
}

/** A step with weights, images and soft targets in place, on one thread. */
export async function prepare(
  network: Network,
  input: readonly number[],
  options: Omit<TrainStepOptions, 'network' | 'input' | 'createSession'>,
): Promise<TrainStep> {
  const classes = options.classes ?? 3;
  const step = await TrainStep.create({ network, input, createSession, threads: 1, ...options, ...(options.heads ? {} : { classes }) });
  step.load(weightsOf(network, input));
  step.images.set(uniform(step.images.length, 77));
  for (let n = 0; n < options.batch; n++) for (let k = 0; k < classes; k++) step.targets[n * classes + k] = k === n % classes ? 0.8 : 0.2 / (classes - 1);
  for (const mask of step.masks) mask.data.fill(1);
  return step;
}

/** Logits of the inference network with these weights. */
export async function infer(network: Network, input: readonly number[], weights: Weights, images: Float32Array, kernels?: Kernels): Promise<Float32Array> {
  const built = buildNetwork(network, input, { mode: 'infer', batch: 1, weights, symbolicBatch: true, ...(kernels ? { kernels } : {}) });
  built.graph.output('logits', built.logits, { symbolicBatch: true });
  const session = await createSession(built.graph.encode(), { threads: 1 });
  try {
    const batch = images.length / input.reduce((a, b) => a * b, 1);
    const { logits } = await session.run({ image: { dtype: 'float32', shape: [batch, ...input], data: images } });
    return logits!.data as Float32Array;
  } finally {
    await session.release();
  }
}
