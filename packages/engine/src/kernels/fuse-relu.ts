/** ReLU in the same pass as the blocked convolution before it, as ONNX Runtime itself does where weights are constant. */
import type { OnnxNode } from '@mien/onnx';
import { blockedDomain } from './kernels.ts';

/** `nodes` with every Relu that alone reads a blocked convolution without activation merged into it. Tensor names stay. */
export function fuseRelu(nodes: readonly OnnxNode[]): readonly OnnxNode[] {
  const readers = new Map<string, number>();
  for (const node of nodes) for (const name of node.inputs) readers.set(name, (readers.get(name) ?? 0) + 1);
  const relus = new Map<string, OnnxNode>();
  for (const node of nodes) if (node.opType === 'Relu' && readers.get(node.inputs[0]!) === 1) relus.set(node.inputs[0]!, node);
  const merged = new Set<OnnxNode>();
  const fused = nodes.map((node) => {
    const relu = relus.get(node.outputs[0]!);
    if (!relu || node.domain !== blockedDomain || node.opType !== 'Conv' || node.attributes?.activation) return node;
    merged.add(relu);
    return { ...node, outputs: relu.outputs, attributes: { ...node.attributes, activation: 'Relu' } };
  });
  return fused.filter((node) => !merged.has(node));
}
