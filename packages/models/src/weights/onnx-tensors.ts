/**
 * The weights inside an ONNX model, by the names they had where the model came from. Exporters fold, transpose and rename:
 * PyTorch's calls a weight it has changed `onnx::Conv_193`, while the node that uses it still tells the layer.
 */
import { decodeFloat16, decodeModel, type OnnxModel, type OnnxNode, type Shape, type TensorValue, widenWeights } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import { printableName } from './printable-name.ts';
import type { NamedTensor } from './safetensors.ts';

/** float32 values of a tensor of floating-point numbers; undefined for others, which are shapes and indices, not weights. */
function floatsOf({ dtype, data }: TensorValue): Float32Array | undefined {
  if (dtype === 'float32') return data as Float32Array;
  if (dtype === 'float16') return decodeFloat16(data as Uint16Array);
  return dtype === 'float64' ? Float32Array.from(data as Float64Array) : undefined;
}

/** [A,B] → [B,A]. */
function transposed({ shape: [A, B], data }: NamedTensor): NamedTensor {
  const out = new Float32Array(data.length);
  // One side may be endless where the other is 0.
  if (data.length === 0) return { shape: [B!, A!], data: out };
  for (let a = 0; a < A!; a++) for (let b = 0; b < B!; b++) out[b * A! + a] = data[a * B! + b]!;
  return { shape: [B!, A!], data: out };
}

/**
 * The module a node belongs to, from PyTorch's path of scopes: `/layer1/layer1.0/conv1/Conv` → `layer1.0.conv1`. A scope
 * that repeats the one before it with more behind is an element of a sequence. Undefined where the node has no such name.
 */
function moduleOf({ name }: OnnxNode): string | undefined {
  const scopes = name?.split('/') ?? [];
  if (scopes.length < 3 || scopes[0] !== '') return undefined;
  const parts: string[] = [];
  for (const scope of scopes.slice(1, -1)) {
    const before = parts.at(-1);
    if (before !== undefined && scope.startsWith(`${before}.`)) parts.pop();
    parts.push(scope);
  }
  return parts.join('.');
}

/** Names exporters make up for what they have changed. */
const madeUp = /^(?:onnx::|\d+$)/;

/** Names of the weights of Conv, Gemm and MatMul nodes, and which of them are stored [in, out] instead of [out, in]. */
function layerWeights({ nodes }: OnnxModel): { names: Map<string, string>; turned: Set<string> } {
  const names = new Map<string, string>();
  const turned = new Set<string>();
  for (const node of nodes) {
    if (!['Conv', 'Gemm', 'MatMul'].includes(node.opType)) continue;
    const [, weight, bias] = node.inputs;
    const module = moduleOf(node);
    if (weight && (node.opType === 'MatMul' || (node.opType === 'Gemm' && !node.attributes?.transB))) turned.add(weight);
    if (module === undefined) continue;
    if (weight && madeUp.test(weight)) names.set(weight, `${module}.weight`);
    if (bias && madeUp.test(bias)) names.set(bias, `${module}.bias`);
  }
  return { names, turned };
}

/** Original names of initializers that reach their layer through a cast, as other exporters' doubles do. */
function castNames({ nodes }: OnnxModel): Map<string, string> {
  return new Map(nodes.filter((node) => node.opType === 'Cast').map((node) => [node.inputs[0]!, node.outputs[0]!]));
}

/**
 * Floating-point initializers of an `.onnx` file, dense weights as [out,in]; its metadata.
 * Throws `UserError` `bad-onnx` when the bytes are no ONNX file.
 */
export function decodeOnnxTensors(bytes: Uint8Array, file: string): { tensors: Map<string, NamedTensor>; metadata: Readonly<Record<string, string>> } {
  let model: OnnxModel;
  try {
    // Mien's own files may keep weights as float16 or int8, under other names than the graph uses.
    model = widenWeights(decodeModel(bytes));
  } catch (cause) {
    const why = printableName((cause as Error).message, 200);
    throw new UserError('bad-onnx', `${file}: expected weights in a safetensors or ONNX file, but it cannot be read as either (${why})`, { cause });
  }
  const casts = castNames(model);
  const { names, turned } = layerWeights(model);
  const tensors = new Map<string, NamedTensor>();
  for (const [stored, value] of Object.entries(model.initializers)) {
    const data = floatsOf(value);
    if (!data) continue;
    const name = casts.get(stored) ?? stored;
    const tensor = { shape: value.shape as Shape, data };
    tensors.set(names.get(name) ?? name, turned.has(name) && value.shape.length === 2 ? transposed(tensor) : tensor);
  }
  return { tensors, metadata: model.metadata };
}
