/** A graph rewritten to double precision, for the ops of which ONNX Runtime has a double kernel on the CPU. */
import { decodeModel, encodeModel, type OnnxNode, type OnnxPort, type TensorValue } from '@mien/onnx';

const code = { float32: 1, float64: 11 };

const port = (p: OnnxPort): OnnxPort => (p.dtype === 'float32' ? { ...p, dtype: 'float64' } : p);

/** The same numbers as float64; other types are left alone. */
export function asFloat64(t: TensorValue): TensorValue {
  return t.dtype === 'float32' ? { dtype: 'float64', shape: t.shape, data: Float64Array.from(t.data as Float32Array) } : t;
}

function node(n: OnnxNode): OnnxNode {
  const castsToFloat = n.opType === 'Cast' && n.attributes?.to === code.float32;
  return castsToFloat ? { ...n, attributes: { ...n.attributes, to: code.float64 } } : n;
}

/** Every float32 port, constant and cast becomes float64. */
export function toFloat64(model: Uint8Array): Uint8Array {
  const m = decodeModel(model);
  return encodeModel({
    ...m,
    nodes: m.nodes.map(node),
    initializers: Object.fromEntries(Object.entries(m.initializers).map(([name, t]) => [name, asFloat64(t)])),
    inputs: m.inputs.map(port),
    outputs: m.outputs.map(port),
  });
}
