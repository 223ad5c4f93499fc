/** The engine benchmark: whole training steps, and the matrix-multiply roofline of the same run. */
import { availableParallelism, cpus } from 'node:os';
import { encodeModel } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { compileAugmentation, faceAugmentation, randomFor } from '@mien/data';
import { adam, buildNetwork, describeNetwork, probeKernels, TrainStep } from '@mien/engine';
import { findArchitecture } from '@mien/models';
import { expressions } from '@mien/runtime';

export interface EngineBenchModel {
  readonly name: string;
  readonly batch: number;
  /** Median step, optimiser included. */
  readonly stepMs: number;
  readonly imagesPerSecond: number;
  /** 3 · flops · batch / time. */
  readonly gflops: number;
  readonly ofSgemm: number;
  /** Time to augment one batch ÷ step. */
  readonly augmentShare: number;
}

export interface EngineBench {
  readonly sgemmGflops: number;
  readonly models: readonly EngineBenchModel[];
  readonly peakRssMb: number;
  readonly kernels: string;
  readonly machine: string;
}

const cases = [
  { name: 'se-cnn-improved', batch: 64 },
  { name: 'resnet18-48', batch: 32 },
] as const;

const warmups = 2;
const counted = 9;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

async function timed(run: () => Promise<unknown> | unknown): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

/** A square float32 matrix product on all cores; returns a function that measures one product in GFLOP/s. */
async function openSgemm(size = 1536): Promise<{ measure: () => Promise<number>; release: () => Promise<void> }> {
  const port = (name: string) => ({ name, dtype: 'float32' as const, shape: [size, size] });
  const model = encodeModel({
    irVersion: 9,
    opsets: { '': 20 },
    producer: 'mien',
    graphName: 'sgemm',
    initializers: {},
    metadata: {},
    nodes: [{ opType: 'MatMul', inputs: ['a', 'b'], outputs: ['c'] }],
    inputs: [port('a'), port('b')],
    outputs: [port('c')],
  });
  const session = await createSession(model);
  const random = randomFor('sgemm');
  const matrix = () => ({ dtype: 'float32' as const, shape: [size, size], data: Float32Array.from({ length: size * size }, () => random.next() - 0.5) });
  const run = session.bind({ a: matrix(), b: matrix() }, { c: matrix() });
  return { measure: async () => (2 * size ** 3) / (await timed(run)) / 1e6, release: () => session.release() };
}

/** Measures every case; `say` gets a line about each. The roofline is the best median around the cases, so it cannot be flattered by a slow moment. */
export async function benchEngine(say: (line: string) => void): Promise<EngineBench> {
  const { kernels, report } = await probeKernels(createSession);
  say(`kernels: ${report}`);
  const sgemm = await openSgemm();
  for (let i = 0; i < 3; i++) await sgemm.measure();
  const rooflines: number[] = [];
  const roofline = async (): Promise<void> => {
    const rates: number[] = [];
    for (let i = 0; i < 7; i++) rates.push(await sgemm.measure());
    rooflines.push(median(rates));
  };
  await roofline();
  const measured: Omit<EngineBenchModel, 'ofSgemm'>[] = [];
  for (const { name, batch } of cases) {
    const architecture = findArchitecture(name)!;
    const network = architecture.build({ classes: expressions.length });
    const { flops } = describeNetwork(network, architecture.input);
    const step = await TrainStep.create({ network, input: architecture.input, classes: expressions.length, batch, kernels, createSession });
    const random = randomFor('bench', name);
    const { specs } = buildNetwork(network, architecture.input, { mode: 'infer', batch: 1 });
    step.load(new Map(specs.map((s) => [s.name, s.initializer(s.shape, random)])));
    const [channels, height, width] = architecture.input;
    const pixels = Uint8Array.from({ length: channels * height * width }, () => random.int(256));
    const augment = compileAugmentation(faceAugmentation, { channels, height, width, outHeight: height, outWidth: width });
    const size = channels * height * width;
    const fill = (): void => {
      for (let i = 0; i < batch; i++) augment(pixels, 0, random, step.images, i * size);
    };
    for (let i = 0; i < batch; i++) step.targets[i * expressions.length + (i % expressions.length)] = 1;
    for (const mask of step.masks) for (let i = 0; i < mask.data.length; i++) mask.data[i] = random.next() < mask.rate ? 0 : 1;
    const optimizer = adam(step.slots, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false });
    const steps: number[] = [];
    const fills: number[] = [];
    for (let i = 0; i < warmups + counted; i++) {
      const fillMs = await timed(fill);
      const stepMs = await timed(async () => {
        await step.run();
        optimizer.step(1e-4);
      });
      if (i < warmups) continue;
      fills.push(fillMs);
      steps.push(stepMs);
    }
    await step.release();
    const stepMs = median(steps);
    measured.push({
      name,
      batch,
      stepMs,
      imagesPerSecond: (1000 * batch) / stepMs,
      gflops: (3 * flops * batch) / stepMs / 1e6,
      augmentShare: median(fills) / stepMs,
    });
    say(`${name}: ${stepMs.toFixed(0)} ms a step`);
    await roofline();
  }
  await sgemm.release();
  const sgemmGflops = Math.max(...rooflines);
  return {
    sgemmGflops,
    models: measured.map((m) => ({ ...m, ofSgemm: m.gflops / sgemmGflops })),
    peakRssMb: process.resourceUsage().maxRSS / 1024,
    kernels: report,
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, ${process.platform} ${process.arch}, Node ${process.version}`,
  };
}
