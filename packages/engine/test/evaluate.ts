/** One run of a small graph. */
import type { TensorValue } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { Graph, type Value } from '../src/graph.ts';
import { type Kernels, standardKernels } from '../src/kernels/kernels.ts';

/** float32 numbers in a shape. */
export function f32(data: ArrayLike<number>, shape: readonly number[] = [data.length]): TensorValue {
  return { dtype: 'float32', shape, data: Float32Array.from(data) };
}

/** Builds with these inputs as parameters (so that gradients may be asked for) and gives the numbers of what `build` names. */
export async function evaluate(
  inputs: Readonly<Record<string, TensorValue>>,
  build: (values: Readonly<Record<string, Value>>, graph: Graph) => Readonly<Record<string, Value>>,
  kernels: Kernels = standardKernels,
): Promise<Record<string, Float32Array>> {
  const graph = new Graph('evaluated', kernels);
  const values: Record<string, Value> = {};
  for (const [name, t] of Object.entries(inputs)) values[name] = t.dtype === 'float32' ? graph.parameter(name, t.shape) : graph.input(name, t.shape, t.dtype);
  for (const [name, value] of Object.entries(build(values, graph))) graph.output(name, value);
  const session = await createSession(graph.encode(), { threads: 1 });
  try {
    const results = await session.run(inputs);
    return Object.fromEntries(Object.entries(results).map(([name, t]) => [name, t.data as Float32Array]));
  } finally {
    await session.release();
  }
}
