/** Grad-CAM's slopes by the engine's own differentiation: the last layers of any exported file, read back into a graph with gradients. */
import { Graph, gradients, mul, sumAll, Value } from '@mien/engine';
import type { OpenSlopes } from '@mien/evaluation';
import { type OnnxModel, tensor, type TensorValue, widenWeights } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { differentiableOps, type Known, NoDerivative } from './differentiable-ops.ts';

/** The output of a tail as a function of `map`, in the engine's graph. Throws `NoDerivative` for a node it has no derivative of. */
function translate(graph: Graph, { nodes, initializers }: OnnxModel, mapName: string, map: Value, output: string): Value {
  const known = new Map<string, Known>([[mapName, map]]);
  const read = (name: string): Known | undefined => {
    if (name === '') return undefined;
    const found = known.get(name);
    if (found !== undefined) return found;
    const stored: TensorValue | undefined = initializers[name];
    if (!stored) throw new NoDerivative(`${name} is not known before it is used`);
    const value = stored.dtype === 'int64' ? Array.from(stored.data as BigInt64Array, Number) : graph.initializer(`file.${name}`, stored);
    known.set(name, value);
    return value;
  };
  for (const node of nodes) {
    const op = differentiableOps[node.opType];
    if (!op) throw new NoDerivative(node.opType);
    const made = op(node, node.inputs.map(read));
    const outputs = node.outputs.length > 1 ? (made as readonly Known[]) : [made as Known];
    for (const [i, name] of node.outputs.entries()) known.set(name, outputs[i]!);
  }
  const logits = known.get(output);
  if (!(logits instanceof Value)) throw new NoDerivative(`${output} is not among what the layers give`);
  return logits;
}

/** For `LookingGlass.open`. Resolves undefined where the layers hold a node without a derivative here. */
export const tailSlopes: OpenSlopes = async (tail, { name, shape }, output) => {
  const graph = new Graph('slopes');
  const map = graph.parameter('map', shape);
  let logits: Value;
  try {
    logits = translate(graph, widenWeights(tail), name, map, output);
  } catch (error) {
    if (error instanceof NoDerivative) return undefined;
    throw error;
  }
  const chosen = graph.input('chosen', logits.shape);
  const [slopes] = gradients(graph, sumAll(mul(logits, chosen)), [map]);
  graph.output('slopes', slopes!);
  const session = await createSession(graph.encode(), { threads: 1 });
  const classes = logits.shape.at(-1)!;
  return {
    async at(values, k) {
      const oneHot = Float32Array.from({ length: classes }, (_, i) => Number(i === k));
      const found = await session.run({ map: tensor.float32(values, shape), chosen: tensor.float32(oneHot, logits.shape) });
      return (found.slopes!.data as Float32Array).slice();
    },
    release: () => session.release(),
  };
};
