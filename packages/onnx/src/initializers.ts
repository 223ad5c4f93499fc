/** The weights of a model by name, wherever its writer put them. */
import { decodeFloat16 } from './float16.ts';
import type { OnnxModel } from './model-file.ts';
import { dtypeCodes, type TensorValue } from './tensor.ts';

/**
 * Every tensor that is part of the file: initializers and the outputs of `Constant` nodes; and under the name the graph
 * uses, those it only passes on (`Identity`) or widens from float16 (`Cast`, as `halveWeights` writes). Shapes as stored:
 * convolutions OIHW, `Gemm` [K,D] with transB = 1, else [D,K].
 */
export function initializersOf(model: OnnxModel): ReadonlyMap<string, TensorValue> {
  const found = new Map(Object.entries(model.initializers));
  // Nodes of an ONNX graph stand in an order in which inputs come first.
  for (const { opType, inputs, outputs, attributes = {} } of model.nodes) {
    const source = found.get(inputs[0] ?? '');
    const name = outputs[0];
    if (!name) continue;
    const { value, to } = attributes;
    if (opType === 'Constant' && typeof value === 'object' && 'dtype' in value) found.set(name, value);
    else if (opType === 'Identity' && source) found.set(name, source);
    else if (opType === 'Cast' && source?.dtype === 'float16' && to === dtypeCodes.float32) {
      found.set(name, { dtype: 'float32', shape: source.shape, data: decodeFloat16(source.data as Uint16Array) });
    }
  }
  return found;
}
