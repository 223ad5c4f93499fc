/**
 * Reads the weight files of the npm package @vladmandic/face-api: a TF.js weights manifest and its binary, most
 * tensors quantised to uint8 with value = q · scale + min.
 */
import { sizeOf } from '@mien/onnx';
import type { QuantisedWeights } from '../detector/quantised-graph-writer.ts';

interface ManifestEntry {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string; scale: number; min: number };
}

/** Splits the binary by its manifest. Throws `RangeError` when their lengths differ or a type is not known. */
export function readFaceApiWeights(manifest: { weights: ManifestEntry[] }[], bytes: Uint8Array): QuantisedWeights {
  const weights: QuantisedWeights = {};
  let at = 0;
  for (const { name, shape, dtype, quantization } of manifest.flatMap((group) => group.weights)) {
    const count = sizeOf(shape);
    if (quantization ? quantization.dtype !== 'uint8' : dtype !== 'float32') {
      throw new RangeError(`weights of ${name}: expected uint8 or float32, the manifest says ${quantization?.dtype ?? dtype}`);
    }
    const byteLength = quantization ? count : count * 4;
    const part = new Uint8Array(bytes.subarray(at, at + byteLength));
    if (part.length !== byteLength) throw new RangeError(`weights of ${name}: the file ends at byte ${bytes.length}, ${at + byteLength} are needed`);
    weights[name] = quantization
      ? { shape, values: part, scale: quantization.scale, min: quantization.min }
      : { shape, values: new Float32Array(part.buffer), scale: 1, min: 0 };
    at += byteLength;
  }
  if (at !== bytes.length) throw new RangeError(`weights: the manifest describes ${at} bytes, the file has ${bytes.length}`);
  return weights;
}
