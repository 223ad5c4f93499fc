/** Weights stored as float16: half the file, computed in float32 all the same. */
import { encodeFloat16 } from './float16.ts';
import type { OnnxModel, OnnxNode } from './model-file.ts';
import { sizeOf, type TensorValue, tensor } from './tensor.ts';
import { widenWeights } from './widen-weights.ts';

/** Small tensors stay float32: they weigh nothing and rounding them costs most. */
const smallestHalved = 512;
/** The largest number float16 holds; beyond it lies infinity. */
const largestHalf = 65504;

/** Biases and norms, the tensors of one dimension, stay whole at any width: a small variance would become 0. */
function canHalve({ dtype, shape, data }: TensorValue): boolean {
  if (dtype !== 'float32' || shape.length < 2 || sizeOf(shape) < smallestHalved) return false;
  return (data as Float32Array).every((v) => Math.abs(v) <= largestHalf);
}

/**
 * The same model with large weights kept as float16 and cast back by the graph; ONNX Runtime folds the casts when it loads the file.
 * Weights that were kept as int8 before are written out first: their scales, rounded, could erase a channel. Relative rounding error of a weight of at least 2⁻¹⁴: at most 2⁻¹¹.
 */
export function halveWeights(given: OnnxModel): OnnxModel {
  const model = widenWeights(given);
  const initializers: Record<string, TensorValue> = {};
  const casts: OnnxNode[] = [];
  for (const [name, value] of Object.entries(model.initializers)) {
    if (!canHalve(value)) {
      initializers[name] = value;
      continue;
    }
    const half = `${name}.float16`;
    initializers[half] = tensor.float16(encodeFloat16(value.data as Float32Array), value.shape);
    casts.push({ opType: 'Cast', inputs: [half], outputs: [name], attributes: { to: 1 } });
  }
  return { ...model, initializers, nodes: [...casts, ...model.nodes] };
}
