/** Where a network can be cut in two, so that all it knows of a picture passes through one value. */
import { type CreateSession, encodeModel, type OnnxModel, type OnnxNode, tensor } from '@mien/onnx';

/** Names that do not depend on the picture: weights, and what is computed from them alone. */
export function constantNames({ nodes, initializers }: OnnxModel): Set<string> {
  const constant = new Set(Object.keys(initializers));
  constant.add('');
  for (const { inputs, outputs } of nodes) if (inputs.every((name) => constant.has(name))) for (const name of outputs) constant.add(name);
  return constant;
}

/**
 * Values that every path from the picture to `output` runs through, from the output back to the picture, with the nodes
 * after each of them. The nodes of an ONNX file stand in an order of execution.
 */
export function bottlenecks(model: OnnxModel, output: string): { readonly name: string; readonly tail: readonly OnnxNode[] }[] {
  const constant = constantNames(model);
  const wanted = new Set([output]);
  const tail: OnnxNode[] = [];
  const found: { name: string; tail: readonly OnnxNode[] }[] = [];
  for (const node of model.nodes.toReversed()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    for (const name of node.outputs) wanted.delete(name);
    for (const name of node.inputs) if (!constant.has(name)) wanted.add(name);
    tail.push(node);
    if (wanted.size === 1) found.push({ name: [...wanted][0]!, tail: tail.toReversed() });
  }
  return found;
}

/** A value inside a network and its shape, the batch first. */
export interface InnerValue {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The model with these values as outputs too. */
export function withOutputs(model: OnnxModel, values: readonly InnerValue[]): OnnxModel {
  const added = values.map(({ name, shape }) => ({ name, dtype: 'float32' as const, shape: ['N', ...shape.slice(1)] }));
  return { ...model, outputs: [...model.outputs, ...added] };
}

/** The part of a network after a value [N,C,H,W]: that value in, the logits out. */
export function tailModel(
  model: OnnxModel,
  { name, tail }: { readonly name: string; readonly tail: readonly OnnxNode[] },
  shape: readonly number[],
  output: string,
): OnnxModel {
  const constant = constantNames(model);
  const nodes = model.nodes.filter((node) => tail.includes(node) || node.outputs.some((o) => constant.has(o)));
  return {
    ...model,
    nodes,
    inputs: [{ name, dtype: 'float32', shape: ['N', ...shape.slice(1)] }],
    outputs: model.outputs.filter((port) => port.name === output),
    metadata: {},
  };
}

/** Shapes of values inside a network, for a batch of one picture; found by running it, because a file need not state them. */
export async function innerValues(
  model: OnnxModel,
  createSession: CreateSession,
  input: { readonly name: string; readonly shape: readonly number[] },
  names: readonly string[],
): Promise<InnerValue[]> {
  const asked = names.map((name) => ({ name, output: `${name}#shape` }));
  const session = await createSession(
    encodeModel({
      ...model,
      nodes: [...model.nodes, ...asked.map(({ name, output }) => ({ opType: 'Shape', inputs: [name], outputs: [output] }))],
      outputs: asked.map(({ output }) => ({ name: output, dtype: 'int64', shape: ['D'] })),
    }),
  );
  try {
    const size = input.shape.reduce((a, b) => a * b, 1);
    const shapes = await session.run({ [input.name]: tensor.float32(new Float32Array(size), [1, ...input.shape]) });
    return asked.map(({ name, output }) => ({ name, shape: Array.from(shapes[output]!.data as BigInt64Array, Number) }));
  } finally {
    await session.release();
  }
}
