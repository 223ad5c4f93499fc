/** The networks that are measured, and one training step of each, ready to run. */
import { adam, buildNetwork, describeNetwork, type Kernels, type Network, TrainStep } from '@mien/engine';
import { compileAugmentation, faceAugmentation, randomFor } from '@mien/data';
import { findArchitecture } from '@mien/models';
import type { CreateSession } from '@mien/onnx';
import { expressions } from '@mien/runtime';
import { smallCnn, smallCnnInput } from './small-cnn.ts';
import { median, type StepCounts, timed } from './timing.ts';

export interface TrainingCase {
  readonly name: string;
  readonly batch: number;
  /** [C,H,W]; the architecture's own where left out. */
  readonly input?: readonly [number, number, number];
}

export const trainingCases: readonly TrainingCase[] = [
  { name: 'resnet18-48', batch: 32 },
  { name: 'se-cnn-improved', batch: 64 },
  { name: 'efficientnet-b0', batch: 16, input: [3, 96, 96] },
];

/** The small network of the comparison with TensorFlow.js. */
export const smallCnnCase: TrainingCase = { name: 'small-cnn', batch: 32 };

export interface OpenCase {
  /** Trainable parameters. */
  readonly parameters: number;
  /** Operations of one image forward. */
  readonly flops: number;
  /** Fills the batch with augmented pictures, as training does. */
  fill(): void;
  /** Forward, backward and Adam. */
  run(): Promise<number>;
  release(): Promise<void>;
}

function networkOf({ name, input }: TrainingCase): { network: Network; input: readonly [number, number, number] } {
  if (name === smallCnnCase.name) return { network: smallCnn, input: smallCnnInput };
  const architecture = findArchitecture(name);
  if (!architecture) throw new Error(`benchmark: there is no architecture ${name}`);
  return { network: architecture.build({ classes: expressions.length }), input: input ?? architecture.input };
}

/** Builds the step with first weights, made-up pictures, hard labels and drawn masks. */
export async function openCase(of: TrainingCase, kernels: Kernels, createSession: CreateSession): Promise<OpenCase> {
  const { network, input } = networkOf(of);
  const classes = expressions.length;
  const { batch } = of;
  const { flops, params } = describeNetwork(network, input);
  const step = await TrainStep.create({ network, input, classes, batch, kernels, createSession });
  const random = randomFor('bench', of.name);
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  step.load(new Map(specs.map((s) => [s.name, s.initializer(s.shape, random)])));
  const [channels, height, width] = input;
  const size = channels * height * width;
  const pixels = Uint8Array.from({ length: size }, () => random.int(256));
  const augment = compileAugmentation(faceAugmentation, { channels, height, width, outHeight: height, outWidth: width });
  const fill = (): void => {
    for (let i = 0; i < batch; i++) augment(pixels, 0, random, step.images, i * size);
  };
  fill();
  for (let i = 0; i < batch; i++) step.targets[i * classes + (i % classes)] = 1;
  for (const mask of step.masks) for (let i = 0; i < mask.data.length; i++) mask.data[i] = random.next() < mask.rate ? 0 : 1;
  const optimizer = adam(step.slots, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false });
  return {
    parameters: params.trainable,
    flops,
    fill,
    async run() {
      const loss = await step.run();
      optimizer.step(1e-4);
      return loss;
    },
    release: () => step.release(),
  };
}

export interface MeasuredCase {
  readonly name: string;
  readonly batch: number;
  readonly input: readonly number[];
  readonly parameters: number;
  /** Median step, optimiser included. */
  readonly stepMs: number;
  readonly imagesPerSecond: number;
  /** 3 · flops · batch / time. */
  readonly gflops: number;
  /** Time to augment one batch ÷ step. */
  readonly augmentShare: number;
}

export async function measureCase(of: TrainingCase, kernels: Kernels, createSession: CreateSession, counts: StepCounts): Promise<MeasuredCase> {
  const open = await openCase(of, kernels, createSession);
  const steps: number[] = [];
  const fills: number[] = [];
  for (let i = 0; i < counts.warmups + counts.counted; i++) {
    const fillMs = await timed(open.fill);
    const stepMs = await timed(open.run);
    if (i < counts.warmups) continue;
    fills.push(fillMs);
    steps.push(stepMs);
  }
  await open.release();
  const stepMs = median(steps);
  return {
    name: of.name,
    batch: of.batch,
    input: networkOf(of).input,
    parameters: open.parameters,
    stepMs,
    imagesPerSecond: (1000 * of.batch) / stepMs,
    gflops: (3 * open.flops * of.batch) / stepMs / 1e6,
    augmentShare: median(fills) / stepMs,
  };
}
