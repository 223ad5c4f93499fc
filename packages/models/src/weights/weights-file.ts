/** Reading weights, whatever file they come in, and writing those that a recipe's `init` takes. */
import type { Network } from '@mien/engine';
import type { Shape } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import { networkWeights } from './network-weights.ts';
import { decodeOnnxTensors } from './onnx-tensors.ts';
import { type DecodedSafetensors, decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts';

/** `metadata.format` of weights by Mien's names, in plain ONNX order, for one of its networks. */
export const weightsFormat = 'mien-weights-1';

/** The first byte of the header's JSON, which every safetensors file has at this place. */
const openingBrace = 0x7b;

/** What a file of weights holds. */
export interface DecodedWeights extends DecodedSafetensors {
  readonly kind: 'safetensors' | 'onnx';
}

/** Whether a safetensors header stands here whole, by its length and its first byte. */
function hasHeader(bytes: Uint8Array): boolean {
  if (bytes[8] !== openingBrace) return false;
  return 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)) <= bytes.length;
}

/** Throws `UserError` `pickle` for what begins like a file of PyTorch. */
function refusePickle(bytes: Uint8Array, file: string): void {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const isPickle = bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;
  if (!isZip && !isPickle) return;
  throw new UserError(
    'pickle',
    `${file}: expected safetensors or ONNX, this is a PyTorch file, which can run any code when it is opened; convert it where you trust it, with safetensors.torch.save_file(state_dict, 'weights.safetensors')`,
  );
}

/** Weights of a training's checkpoint: the moving average where it keeps one, which is what the run exports. */
function ofCheckpoint({ tensors, ...rest }: DecodedWeights): DecodedWeights {
  const prefix = [...tensors.keys()].some((name) => name.startsWith('average/')) ? 'average/' : 'weights/';
  const weights = [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor] as const);
  return { ...rest, tensors: new Map(weights) };
}

/**
 * Tensors and metadata of a safetensors or ONNX file, or of a checkpoint of Mien, told apart by their content.
 * Throws `UserError`: `empty-file`, `pickle` for PyTorch's own files, `bad-safetensors`, `bad-onnx`, `no-tensors`.
 */
export function decodeWeights(bytes: Uint8Array, file: string): DecodedWeights {
  if (bytes.length === 0) throw new UserError('empty-file', `${file}: expected weights, the file has 0 bytes; fetch it again`);
  // The length of a safetensors header may read as the first bytes of a zip or a pickle: 640, 19280.
  if (!hasHeader(bytes)) refusePickle(bytes, file);
  const isSafetensors = bytes[8] === openingBrace || /\.safetensors$/i.test(file);
  const decoded: DecodedWeights = isSafetensors
    ? { kind: 'safetensors', ...decodeSafetensors(bytes, file) }
    : { kind: 'onnx', ...decodeOnnxTensors(bytes, file), unread: [] };
  const found = decoded.metadata.format?.startsWith('mien-checkpoint') ? ofCheckpoint(decoded) : decoded;
  if (found.tensors.size > 0) return found;
  const { unread } = found;
  const types = [...new Set(unread.map(({ type }) => type))].join(', ');
  const held = unread.length ? `its ${unread.length} tensors are of types that are not read (${types})` : 'the file holds no tensor of numbers';
  throw new UserError('no-tensors', `${file}: expected weights, ${held}`);
}

/**
 * A safetensors file that a recipe's `init` takes: weights by Mien's names with the shapes of `network` at `input`.
 * `metadata` should say where they come from; `format` is added.
 */
export function encodeWeights(
  weights: ReadonlyMap<string, Float32Array>,
  { network, input }: { readonly network: Network; readonly input: Shape },
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const tensors = new Map<string, NamedTensor>();
  for (const { name, shape } of networkWeights(network, input).specs.values()) {
    const data = weights.get(name);
    if (data) tensors.set(name, { shape, data });
  }
  return encodeSafetensors({ tensors, metadata: { ...metadata, format: weightsFormat } });
}
