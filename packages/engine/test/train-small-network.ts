/** Twenty steps of Adam on the small network; what comes out is compared between devices. */
import type { CreateSession } from '@mien/onnx';
import { adam, buildNetwork, type Kernels, TrainStep } from '../src/index.ts';
import { batch, classes, fillBatch, firstWeights, input, network } from './small-network.ts';

export interface SmallTraining {
  readonly losses: readonly number[];
  /** The inference model that was trained, batch size free, and its logits for the last batch. */
  readonly model: Uint8Array;
  readonly images: Float32Array;
  readonly logits: Float32Array;
}

export async function trainSmallNetwork(createSession: CreateSession, kernels: Kernels, steps = 20, threads?: number): Promise<SmallTraining> {
  const step = await TrainStep.create({ network, input, classes, batch, kernels, createSession, ...(threads ? { threads } : {}) });
  step.load(firstWeights());
  const optimizer = adam(step.slots, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-3, decoupled: true });
  const losses: number[] = [];
  for (let at = 0; at < steps; at++) {
    fillBatch(step, at);
    losses.push(await step.run());
    optimizer.step(3e-3);
  }
  const built = buildNetwork(network, input, { mode: 'infer', batch: 1, symbolicBatch: true, weights: step.save() });
  built.graph.output('logits', built.logits, { symbolicBatch: true });
  const model = built.graph.encode();
  const images = step.images.slice();
  await step.release();
  return { losses, model, images, logits: await logitsOf(createSession, model, images) };
}

/** Logits of a whole batch. */
export async function logitsOf(createSession: CreateSession, model: Uint8Array, images: Float32Array): Promise<Float32Array> {
  const session = await createSession(model);
  const { logits } = await session.run({ image: { dtype: 'float32', shape: [batch, ...input], data: images } });
  const values = (logits!.data as Float32Array).slice();
  await session.release();
  return values;
}
