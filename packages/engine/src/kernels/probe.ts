/** Finds out at start-up which kernels this build of ONNX Runtime and this processor really have. */
import { type CreateSession, type Device, DeviceError, isAccelerator, onDevice, type Shape, sizeOf, type TensorValue } from '@mien/onnx';
import { gradients } from '../autodiff.ts';
import { Graph, type Value } from '../graph.ts';
import { sigmoid } from '../ops/activation.ts';
import { add, mul } from '../ops/arithmetic.ts';
import { conv } from '../ops/conv.ts';
import { scaleChannels } from '../ops/gate.ts';
import { batchNorm } from '../ops/normalization.ts';
import { averagePool, globalAveragePool, maxPool } from '../ops/pooling.ts';
import { sumAll } from '../ops/reduce.ts';
import { type Kernels, portableKernels, standardKernels } from './kernels.ts';
import { blockWeights, unblockWeights } from './weight-layout.ts';

export interface ProbeResult {
  readonly kernels: Kernels;
  /** One line for the log: which path is used and, where it is the standard one, why. */
  readonly report: string;
}

/** Small, but with every form of op a network can meet that differs between kernels: odd sizes, a stem of one channel, strides, depthwise filters. */
const shapes: Record<string, Shape> = {
  image: [16, 1, 11, 11],
  stem: [16, 1, 3, 3],
  strided: [32, 16, 3, 3],
  dense: [32, 32, 3, 3],
  depthwise: [32, 1, 3, 3],
  gamma: [32],
  beta: [32],
};

/** A fixed, aperiodic sequence: the probe must not depend on a random generator. */
function numbers(length: number, phase: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + phase));
}

/** Stem → stride 2 → convolution, batch norm, residual sum and ReLU in one → depthwise → gate → average pool and max-pool. */
function probeNetwork(v: Readonly<Record<string, Value>>): Value {
  const narrow = conv(conv(v.image!, v.stem!), v.strided!, { stride: 2 }); // [16,32,6,6]
  const { y } = batchNorm(conv(narrow, v.dense!), v.gamma!, v.beta!, { residual: narrow, activation: 'Relu' });
  const filtered = conv(y, v.depthwise!, { groups: 32 });
  const gated = scaleChannels(filtered, sigmoid(globalAveragePool(filtered)));
  return add(averagePool(gated), maxPool(gated)); // [16,32,3,3]
}

/** y and the gradients of a weighted sum of y by every input, plain. */
async function evaluateProbe(createSession: CreateSession, kernels: Kernels): Promise<Map<string, Float32Array>> {
  const graph = new Graph('probe', kernels);
  const values = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, graph.parameter(name, shape)]));
  const y = probeNetwork(values);
  const loss = sumAll(mul(y, graph.input('weights', y.shape)));
  const derivatives = gradients(graph, loss, Object.values(values));
  graph.output('y', y);
  for (const [i, name] of Object.keys(shapes).entries()) graph.output(`d${name}`, derivatives[i]!);
  const session = await createSession(graph.encode(), { threads: 1, memoryPattern: false });
  try {
    const feeds: Record<string, TensorValue> = { weights: { dtype: 'float32', shape: y.shape, data: numbers(sizeOf(y.shape), 7) } };
    const isBlocked = (name: string): boolean => graph.parameters.get(name)?.storage === 'blocked';
    for (const [i, [name, shape]] of Object.entries(shapes).entries()) {
      const plain = numbers(sizeOf(shape), i + 1);
      feeds[name] = { dtype: 'float32', shape, data: isBlocked(name) ? blockWeights(plain, shape, kernels.block) : plain };
    }
    const results = await session.run(feeds);
    return new Map(
      Object.entries(results).map(([output, t]) => {
        const data = t.data as Float32Array;
        const name = output.slice(1);
        return [output, isBlocked(name) ? unblockWeights(data, shapes[name]!, kernels.block) : data];
      }),
    );
  } finally {
    await session.release();
  }
}

/** Largest difference ÷ largest magnitude; infinite where `actual` has too few values or no numbers. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  let worst = 0;
  let magnitude = 1e-12;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    magnitude = Math.max(magnitude, Math.abs(expected[i]!));
  }
  return Number.isFinite(worst) ? worst / magnitude : Number.POSITIVE_INFINITY;
}

/** The largest relative error of any output; a missing one is infinitely wrong. */
function largestError(actual: ReadonlyMap<string, Float32Array>, expected: ReadonlyMap<string, Float32Array>): number {
  return Math.max(...[...expected].map(([name, values]) => relativeError(actual.get(name) ?? new Float32Array(0), values)));
}

/**
 * Runs a small network with its gradients on the blocked kernels (blocks of 16, then 8) and on the standard ops, and
 * takes the blocked ones only where all numbers agree within 1e-4.
 */
export async function probeKernels(createSession: CreateSession): Promise<ProbeResult> {
  const expected = await evaluateProbe(createSession, standardKernels);
  const reasons: string[] = [];
  for (const block of [16, 8]) {
    try {
      const actual = await evaluateProbe(createSession, { block });
      const error = largestError(actual, expected);
      if (error < 1e-4) return { kernels: { block }, report: `blocked convolutions, ${block} channels a block (probe error ${error.toExponential(1)})` };
      reasons.push(`blocks of ${block}: wrong numbers (relative error ${error.toExponential(1)})`);
    } catch (error) {
      reasons.push(`blocks of ${block}: ${(error as Error).message.split('\n')[0]!.slice(0, 160)}`);
    }
  }
  return { kernels: standardKernels, report: `standard convolutions only, training will be slower (${reasons.join('; ')})` };
}

/**
 * The kernels for a device. On `cpu` the probe decides; WebAssembly is built without blocked ops. On an accelerator they are the portable ones, and the
 * same small network must first give the numbers of the processor there: throws `DeviceError` when it does not, or when the
 * device cannot be had. `createSession` is the platform's own, whose default device is the processor.
 */
export async function chooseKernels(createSession: CreateSession, device: Device): Promise<ProbeResult> {
  if (device === 'wasm') return { kernels: standardKernels, report: 'standard convolutions: WebAssembly has no blocked ones' };
  if (!isAccelerator(device)) return probeKernels(onDevice(createSession, device));
  const actual = await evaluateProbe(onDevice(createSession, device), portableKernels);
  const error = largestError(actual, await evaluateProbe(createSession, portableKernels));
  if (!(error < 1e-3)) throw new DeviceError(device, `device ${device} computes wrong numbers (relative error ${error.toExponential(1)} in a small network)`);
  return { kernels: portableKernels, report: `standard convolutions on ${device} (probe error ${error.toExponential(1)})` };
}
