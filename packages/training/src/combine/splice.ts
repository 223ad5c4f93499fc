/** One model's graph set into another. */
import { type Graph, Value } from '@mien/engine';
import type { OnnxModel } from '@mien/onnx';

/**
 * Adds the nodes and weights of `model` under names that begin with `prefix`, reading `x` where it reads `input`.
 * Returns its outputs of these names, [N,K].
 */
export function splice(
  graph: Graph,
  model: OnnxModel,
  { prefix, input, x }: { readonly prefix: string; readonly input: string; readonly x: Value },
  outputs: readonly { readonly output: string; readonly labels: readonly string[] }[],
): Value[] {
  const source = graph.nameIn(x, 'plain');
  // An input left out is an empty name.
  const renamed = (name: string): string => (name === '' ? '' : name === input ? source : `${prefix}${name}`);
  for (const [name, value] of Object.entries(model.initializers)) graph.initializer(renamed(name), value);
  for (const node of model.nodes) {
    graph.nodes.push({ ...node, name: node.name ? renamed(node.name) : '', inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) });
  }
  return outputs.map(({ output, labels }) => new Value(graph, [x.shape[0]!, labels.length], 'float32', { plain: renamed(output) }));
}
