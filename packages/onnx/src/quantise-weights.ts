/**
 * Weights stored as 8-bit integers with one scale an output channel: a quarter of the file, computed in float32 all the
 * same. Written as Cast and Mul rather than `DequantizeLinear`, because ONNX Runtime folds those two when it loads the
 * file and leaves the latter standing: what runs is the float32 network, on every device, at its speed.
 */
import type { OnnxModel, OnnxNode } from './model-file.ts';
import { dtypeCodes, sizeOf, type TensorValue, tensor } from './tensor.ts';
import { widenWeights } from './widen-weights.ts';

/** Small tensors stay float32: they weigh nothing and rounding them costs most. */
const smallestQuantised = 1024;
/** So do filters of few weights, as those of depthwise convolutions, whose scale would be a good part of them. */
const fewestPerChannel = 32;
/** Symmetric: −127…127, so that 0 is exact and −128 unused. */
const largestStep = 127;
/** What may stand between the last layer and an output of the file. */
const passingOps = new Set(['Identity', 'Slice', 'Reshape', 'Flatten', 'Add']);

/** The axis of a weight that counts output channels, where the node takes it as its weight. */
function channelAxis({ opType, inputs, attributes = {} }: OnnxNode, name: string, rank: number): number | undefined {
  if (inputs[1] !== name || inputs[0] === name || inputs[2] === name) return undefined;
  if (opType === 'Conv') return 0;
  if (opType === 'ConvTranspose') return 1;
  if (opType === 'Gemm') return attributes.transB === 1 ? 0 : 1;
  return opType === 'MatMul' ? rank - 1 : undefined;
}

/** Layers whose sums are an output of the file: few weights, and every rounding error of theirs is seen. */
function outputLayers({ nodes, outputs }: OnnxModel): ReadonlySet<OnnxNode> {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const found = new Set<OnnxNode>();
  const open = outputs.map(({ name }) => name);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = producers.get(name);
    if (!node || found.has(node)) continue;
    if (passingOps.has(node.opType)) open.push(...node.inputs);
    else found.add(node);
  }
  return found;
}

/** For each weight that can be rounded, its channel axis: every node that reads it must agree. */
function quantisable(model: OnnxModel): Map<string, number> {
  const axes = new Map<string, number | undefined>();
  const kept = outputLayers(model);
  for (const node of model.nodes) {
    for (const name of new Set(node.inputs)) {
      const value = model.initializers[name];
      if (!value) continue;
      const axis = kept.has(node) ? undefined : channelAxis(node, name, value.shape.length);
      axes.set(name, axes.has(name) && axes.get(name) !== axis ? undefined : axis);
    }
  }
  const chosen = new Map<string, number>();
  for (const [name, axis] of axes) {
    const { dtype, shape, data } = model.initializers[name]!;
    if (axis === undefined || dtype !== 'float32' || shape.length < 2) continue;
    const size = sizeOf(shape);
    if (size < smallestQuantised || size / shape[axis]! < fewestPerChannel) continue;
    if ((data as Float32Array).every(Number.isFinite)) chosen.set(name, axis);
  }
  return chosen;
}

interface Quantised {
  /** −127…127, of the weight's shape. */
  readonly steps: TensorValue<'int8'>;
  /** Size of a step, one a channel, shaped to multiply `steps`. */
  readonly scale: TensorValue<'float32'>;
}

/** step = max |w| / 127 within each channel; a channel of zeros keeps them. */
function quantise({ shape, data }: TensorValue, axis: number): Quantised {
  const values = data as Float32Array;
  const channels = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  const channelOf = (i: number): number => Math.floor(i / inner) % channels;
  const scales = new Float32Array(channels);
  for (const [i, value] of values.entries()) scales[channelOf(i)] = Math.max(scales[channelOf(i)]!, Math.abs(value) / largestStep);
  // A step too small for float32 to divide by stands for a channel that is zero for all purposes.
  const steps = Int8Array.from(values, (value, i) => {
    const scale = scales[channelOf(i)]!;
    return scale > 0 ? Math.max(-largestStep, Math.min(largestStep, Math.round(value / scale))) : 0;
  });
  return {
    steps: { dtype: 'int8', shape, data: steps },
    scale: tensor.float32(
      scales,
      shape.map((dim, i) => (i === axis ? dim : 1)),
    ),
  };
}

/**
 * The same model with the weights of its convolutions and dense layers kept as int8. Rounding error of a weight: at most
 * half of a step, max |w| of its channel / 254. The last layer, small tensors and depthwise filters stay float32.
 */
export function quantiseWeights(model: OnnxModel): OnnxModel {
  const wide = widenWeights(model);
  const initializers: Record<string, TensorValue> = {};
  const nodes: OnnxNode[] = [];
  const axes = quantisable(wide);
  for (const [name, value] of Object.entries(wide.initializers)) {
    const axis = axes.get(name);
    if (axis === undefined) {
      initializers[name] = value;
      continue;
    }
    const { steps, scale } = quantise(value, axis);
    initializers[`${name}.int8`] = steps;
    initializers[`${name}.scale`] = scale;
    nodes.push({ opType: 'Cast', inputs: [`${name}.int8`], outputs: [`${name}.steps`], attributes: { to: dtypeCodes.float32 } });
    nodes.push({ opType: 'Mul', inputs: [`${name}.steps`, `${name}.scale`], outputs: [name] });
  }
  return { ...wide, initializers, nodes: [...nodes, ...wide.nodes] };
}
