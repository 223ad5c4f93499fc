/** The blocked kernels against the standard ones: y and every gradient of the same function on the same numbers. */
import { sizeOf, type Shape, type TensorValue } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { expect } from 'vitest';
import { gradients } from '../src/autodiff.ts';
import { Graph, type Value } from '../src/graph.ts';
import { blockedDomain, type Kernels, standardKernels } from '../src/kernels/kernels.ts';
import { probeKernels, relativeError } from '../src/kernels/probe.ts';
import { blockWeights, unblockWeights } from '../src/kernels/weight-layout.ts';
import { mul } from '../src/ops/arithmetic.ts';
import { sumAll } from '../src/ops/reduce.ts';
import { uniform } from './random.ts';

const probed = await probeKernels(createSession);

/** The kernels this machine has. */
export const { kernels } = probed;
/** The block, or 8 where there is none, so that shapes can be written without asking. */
export const block = kernels.block || 8;
/** True where there is nothing to compare; tests say so when they skip. */
export const noBlocks = kernels.block === 0;
if (noBlocks) console.warn(`blocked kernels are not tested on this machine: ${probed.report}`);

export interface Comparison {
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly fixed?: Readonly<Record<string, TensorValue>>;
  readonly build: (values: Readonly<Record<string, Value>>, graph: Graph) => Value;
  readonly values?: Readonly<Record<string, Float32Array>>;
  /** Ops of the blocked domain that must be there, so that the comparison is not of equals. */
  readonly expectBlocked?: readonly string[];
  readonly tolerance?: number;
}

async function evaluate(comparison: Comparison, chosen: Kernels): Promise<{ results: Record<string, Float32Array>; blockedOps: string[] }> {
  const graph = new Graph('compared', chosen);
  const names = Object.keys(comparison.inputs);
  const values: Record<string, Value> = {};
  for (const name of names) values[name] = graph.parameter(name, comparison.inputs[name]!);
  for (const [name, t] of Object.entries(comparison.fixed ?? {})) values[name] = graph.input(name, t.shape, t.dtype);
  const y = comparison.build(values, graph);
  const r = graph.input('loss_weights', y.shape);
  const derivatives = gradients(
    graph,
    sumAll(mul(y, r)),
    names.map((name) => values[name]!),
  );
  graph.output('y', y);
  for (const [i, name] of names.entries()) graph.output(`d:${name}`, derivatives[i]!);
  const feeds: Record<string, TensorValue> = { ...comparison.fixed };
  const isBlocked = (name: string): boolean => graph.parameters.get(name)?.storage === 'blocked';
  for (const [i, name] of names.entries()) {
    const shape = comparison.inputs[name]!;
    const plain = comparison.values?.[name] ?? uniform(sizeOf(shape), i + 3);
    feeds[name] = { dtype: 'float32', shape, data: isBlocked(name) ? blockWeights(plain, shape, chosen.block) : plain };
  }
  feeds.loss_weights = { dtype: 'float32', shape: y.shape, data: uniform(sizeOf(y.shape), 99) };
  const session = await createSession(graph.encode(), { threads: 1, memoryPattern: false });
  try {
    const found = await session.run(feeds);
    const results: Record<string, Float32Array> = {};
    for (const [name, t] of Object.entries(found)) {
      const data = t.data as Float32Array;
      const weight = name.slice(2);
      results[name] = name !== 'y' && isBlocked(weight) ? unblockWeights(data, t.shape, chosen.block) : data;
    }
    return { results, blockedOps: graph.nodes.filter((n) => n.domain === blockedDomain).map((n) => n.opType) };
  } finally {
    await session.release();
  }
}

/** Fails where a result of the blocked kernels is not within 1e-4 of the standard ones', relative to its largest value. */
export async function compareKernels(comparison: Comparison): Promise<void> {
  const standard = await evaluate(comparison, standardKernels);
  const blocked = await evaluate(comparison, kernels);
  expect(standard.blockedOps).toEqual([]);
  expect(blocked.blockedOps).toEqual(expect.arrayContaining([...(comparison.expectBlocked ?? ['Conv'])]));
  expect(Object.keys(blocked.results)).toEqual(Object.keys(standard.results));
  for (const [name, expected] of Object.entries(standard.results)) {
    expect(blocked.results[name]!.length).toBe(expected.length);
    expect(relativeError(blocked.results[name]!, expected), name).toBeLessThan(comparison.tolerance ?? 1e-4);
  }
}
