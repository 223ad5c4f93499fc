/** Finds out at start-up which kernels this build of ONNX Runtime and this processor really have. */
import type { CreateSession, Feeds, TensorValue } from '@mien/onnx';
import { gradients } from '../autodiff.ts';
import { Graph } from '../graph.ts';
import { mul } from '../ops/arithmetic.ts';
import { conv } from '../ops/conv.ts';
import { sumAll } from '../ops/reduce.ts';
import { type Kernels, standardKernels } from './kernels.ts';
import { blockWeights, unblockWeights } from './weight-layout.ts';

export interface ProbeResult {
  readonly kernels: Kernels;
  /** One line for the log: which path is used and, where it is the standard one, why. */
  readonly report: string;
}

const N = 16;
const C = 16;
const O = 32;
const size = 7;

/** A fixed, aperiodic sequence: the probe must not depend on a random generator. */
function numbers(length: number, phase: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + phase));
}

async function convolve(createSession: CreateSession, kernels: Kernels): Promise<Float32Array[]> {
  const graph = new Graph('probe', kernels);
  const x = graph.parameter('x', [N, C, size, size]);
  const w = graph.parameter('w', [O, C, 3, 3]);
  const y = conv(x, w);
  const weight = graph.input('dy', y.shape);
  const loss = sumAll(mul(y, weight));
  const [dx, dw] = gradients(graph, loss, [x, w]);
  graph.output('y', y);
  graph.output('dx', dx!);
  graph.output('dw', dw!);
  const session = await createSession(graph.encode(), { threads: 1, memoryPattern: false });
  try {
    const plain = numbers(O * C * 9, 1);
    const stored = graph.parameters.get('w')!.storage === 'blocked' ? blockWeights(plain, w.shape, kernels.block) : plain;
    const value = (data: Float32Array, shape: readonly number[]): TensorValue => ({ dtype: 'float32', shape, data });
    const feeds: Feeds = { x: value(numbers(N * C * size * size, 2), x.shape), w: value(stored, w.shape), dy: value(numbers(N * O * size * size, 3), y.shape) };
    const results = await session.run(feeds);
    const read = (name: string): Float32Array => results[name]!.data as Float32Array;
    const dwRead = read('dw');
    return [read('y'), read('dx'), stored === plain ? dwRead : unblockWeights(dwRead, w.shape, kernels.block)];
  } finally {
    await session.release();
  }
}

/** Largest difference ÷ largest magnitude. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  let worst = 0;
  let magnitude = 1e-12;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    magnitude = Math.max(magnitude, Math.abs(expected[i]!));
  }
  return Number.isFinite(worst) ? worst / magnitude : Number.POSITIVE_INFINITY;
}

/**
 * Runs a small convolution with its gradients on the blocked kernels (blocks of 16, then 8) and on the standard ops, and
 * takes the blocked ones only where all numbers agree within 1e-4.
 */
export async function probeKernels(createSession: CreateSession): Promise<ProbeResult> {
  const expected = await convolve(createSession, standardKernels);
  const reasons: string[] = [];
  for (const block of [16, 8]) {
    try {
      const actual = await convolve(createSession, { block });
      const error = Math.max(...actual.map((values, i) => relativeError(values, expected[i]!)));
      if (error < 1e-4) return { kernels: { block }, report: `blocked convolutions, ${block} channels a block (probe error ${error.toExponential(1)})` };
      reasons.push(`blocks of ${block}: wrong numbers (relative error ${error.toExponential(1)})`);
    } catch (error) {
      reasons.push(`blocks of ${block}: ${(error as Error).message.split('\n')[0]!.slice(0, 160)}`);
    }
  }
  return { kernels: standardKernels, report: `standard convolutions only, training will be slower (${reasons.join('; ')})` };
}
