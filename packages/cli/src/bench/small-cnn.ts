/**
 * The small network that TensorFlow.js can train as well: three convolutions with bias and ReLU, two max-pools, a mean, a dense layer.
 * Weights and data follow from formulas, so that both sides can be held to the same loss; imports nothing of Node, so that
 * the benchmark's page runs it too.
 */
import { convLayer, denseLayer, flatten, globalAveragePool, type Kernels, maxPool, type Network, relu, sgd, TrainStep } from '@mien/engine';
import { type CreateSession, type Shape, sizeOf } from '@mien/onnx';

export const smallCnnInput = [1, 48, 48] as const;
export const smallCnnClasses = 7;
export const smallCnnRate = 0.001;
export const smallCnnWidths = [32, 64, 128] as const;

export const smallCnn: Network = (net, x) => {
  let y = x;
  for (const [i, channels] of smallCnnWidths.entries()) {
    y = relu(convLayer(net, `conv${i + 1}`, y, { channels }));
    if (i < 2) y = maxPool(y);
  }
  return denseLayer(net, 'classifier', flatten(globalAveragePool(y)), smallCnnClasses);
};

/** A fixed, aperiodic sequence in ±scale. */
export function sequence(length: number, phase: number, scale = 1): Float32Array {
  return Float32Array.from({ length }, (_, i) => scale * Math.sin(i * 12.9898 + phase));
}

/** First weights, plain: ± √(3 / inputs) for matrices and filters, zeros for biases. */
export function smallCnnWeights(shapes: ReadonlyMap<string, Shape>): Map<string, Float32Array> {
  return new Map([...shapes].map(([name, shape], i) => [name, sequence(sizeOf(shape), i, shape.length > 1 ? Math.sqrt(3 / sizeOf(shape.slice(1))) : 0)]));
}

/** One batch: images [N,1,48,48] and one-hot targets [N,7]. */
export function smallCnnBatch(batch: number): { images: Float32Array; targets: Float32Array } {
  const images = sequence(batch * sizeOf(smallCnnInput), 0.5);
  const targets = new Float32Array(batch * smallCnnClasses);
  for (let n = 0; n < batch; n++) targets[n * smallCnnClasses + (n % smallCnnClasses)] = 1;
  return { images, targets };
}

export interface SmallCnnRun {
  /** Trainable parameters. */
  readonly parameters: number;
  /** Milliseconds of each step, optimiser included. */
  readonly steps: readonly number[];
  readonly losses: readonly number[];
}

/** Steps of plain gradient descent on one batch, each timed. */
export async function trainSmallCnn(createSession: CreateSession, kernels: Kernels, batch: number, steps: number, threads?: number): Promise<SmallCnnRun> {
  const options = { network: smallCnn, input: smallCnnInput, classes: smallCnnClasses, batch, kernels, createSession };
  const step = await TrainStep.create({ ...options, ...(threads ? { threads } : {}) });
  step.load(smallCnnWeights(step.shapes));
  const data = smallCnnBatch(batch);
  step.images.set(data.images);
  step.targets.set(data.targets);
  const optimizer = sgd(step.slots, { momentum: 0, nesterov: false, weightDecay: 0 });
  const times: number[] = [];
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const began = performance.now();
    losses.push(await step.run());
    optimizer.step(smallCnnRate);
    times.push(performance.now() - began);
  }
  await step.release();
  return { parameters: step.slots.reduce((sum, slot) => sum + slot.weights.length, 0), steps: times, losses };
}
