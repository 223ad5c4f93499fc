/** Reads TF.js graph models as npm packages carry them: a JSON of nodes and a weights manifest, and one binary. */
import { decodeFloat16, sizeOf } from '@mien/onnx';

interface ManifestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string };
}

/** The JSON file, as far as it is used. */
export interface TfGraphFile {
  readonly modelTopology: { readonly node: readonly { name: string; op: string; input?: readonly string[]; attr?: Record<string, TfAttribute> }[] };
  readonly weightsManifest: readonly { readonly weights: readonly ManifestEntry[] }[];
}

/** Strings are base64, integers are text: that is how protobuf writes JSON. */
export interface TfAttribute {
  readonly s?: string;
  readonly list?: { readonly i?: readonly string[]; readonly s?: readonly string[] };
}

export interface TfNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, TfAttribute>>;
}

export interface TfWeight {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export interface TfGraph {
  /** In the order of the file, which is an order of execution; without constants. */
  readonly nodes: readonly TfNode[];
  readonly weights: ReadonlyMap<string, TfWeight>;
}

/** Splits the binary by its manifest. Throws `RangeError` when their lengths differ or a type is not known. */
export function readTfGraph(file: TfGraphFile, bytes: Uint8Array): TfGraph {
  const weights = new Map<string, TfWeight>();
  let at = 0;
  for (const { name, shape, dtype, quantization } of file.weightsManifest.flatMap((group) => group.weights)) {
    const half = quantization?.dtype === 'float16';
    if ((quantization && !half) || (dtype !== 'float32' && dtype !== 'int32')) {
      throw new RangeError(`weights of ${name}: expected float32, float16 or int32, the manifest says ${quantization?.dtype ?? dtype}`);
    }
    const byteLength = sizeOf(shape) * (half ? 2 : 4);
    const part = new Uint8Array(bytes.subarray(at, at + byteLength));
    if (part.length !== byteLength) throw new RangeError(`weights of ${name}: the file ends at byte ${bytes.length}, ${at + byteLength} are needed`);
    const values = half ? decodeFloat16(new Uint16Array(part.buffer)) : dtype === 'int32' ? new Int32Array(part.buffer) : new Float32Array(part.buffer);
    weights.set(name, { shape, values });
    at += byteLength;
  }
  if (at !== bytes.length) throw new RangeError(`weights: the manifest describes ${at} bytes, the file has ${bytes.length}`);
  const nodes = file.modelTopology.node
    .filter(({ op }) => op !== 'Const')
    .map(({ name, op, input, attr }) => ({ name, op, inputs: input ?? [], attributes: attr ?? {} }));
  return { nodes, weights };
}

export function decodeText(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString();
}
