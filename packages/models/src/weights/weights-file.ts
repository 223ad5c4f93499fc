/** Reading weights, whatever file they come in, and writing those that a recipe's `init` takes. */
import type { Network } from '@mien/engine';
import type { Shape } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import { networkWeights } from './network-weights.ts';
import { decodeOnnxTensors } from './onnx-tensors.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor, type SafetensorsFile } from './safetensors.ts';

/** `metadata.format` of weights by Mien's names, in plain ONNX order, for one of its networks. */
export const weightsFormat = 'mien-weights-1';

/** The first byte of the header's JSON, which every safetensors file has at this place. */
const openingBrace = 0x7b;

/** Weights of a training's checkpoint: the moving average where it keeps one, which is what the run exports. */
function ofCheckpoint({ tensors, metadata }: SafetensorsFile): SafetensorsFile {
  const prefix = [...tensors.keys()].some((name) => name.startsWith('average/')) ? 'average/' : 'weights/';
  const weights = [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor] as const);
  return { tensors: new Map(weights), metadata };
}

/**
 * Tensors and metadata of a safetensors or ONNX file, or of a checkpoint of Mien, told apart by their content.
 * Throws `UserError`: `empty-file`, `pickle` for PyTorch's own files, `bad-safetensors`, `bad-onnx`, `no-tensors`.
 */
export function decodeWeights(bytes: Uint8Array, file: string): SafetensorsFile {
  if (bytes.length === 0) throw new UserError('empty-file', `${file}: expected weights, the file has 0 bytes; fetch it again`);
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const isPickle = bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;
  if (isZip || isPickle) {
    throw new UserError(
      'pickle',
      `${file}: expected safetensors or ONNX, this is a PyTorch file, which can run any code when it is opened; convert it where you trust it, with safetensors.torch.save_file(state_dict, 'weights.safetensors')`,
    );
  }
  const isSafetensors = bytes[8] === openingBrace || /\.safetensors$/i.test(file);
  const decoded = isSafetensors ? decodeSafetensors(bytes, file) : decodeOnnxTensors(bytes, file);
  const found = decoded.metadata.format?.startsWith('mien-checkpoint') ? ofCheckpoint(decoded) : decoded;
  if (found.tensors.size === 0) throw new UserError('no-tensors', `${file}: expected weights, the file holds no tensor of numbers`);
  return found;
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
