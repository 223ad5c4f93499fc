/** Compressed weights written out again: undoes `halveWeights` and `quantiseWeights`, but for what rounding took. */
import { decodeFloat16 } from './float16.ts';
import type { OnnxModel, OnnxNode } from './model-file.ts';
import { dtypeCodes, sizeOf, type TensorValue, tensor } from './tensor.ts';

/** Numbers of a float16 or int8 tensor as float32; undefined for one of another type. */
function widened({ dtype, shape, data }: TensorValue): TensorValue<'float32'> | undefined {
  if (dtype === 'float16') return tensor.float32(decodeFloat16(data as Uint16Array), shape);
  return dtype === 'int8' ? tensor.float32(Float32Array.from(data as Int8Array), shape) : undefined;
}

/** steps × scale, the scale having one entry along one axis. */
function scaled(steps: TensorValue, scale: TensorValue): TensorValue<'float32'> {
  const axis = Math.max(
    0,
    scale.shape.findIndex((dim) => dim > 1),
  );
  const inner = sizeOf(steps.shape.slice(axis + 1));
  const factors = scale.data as Float32Array;
  return tensor.float32(
    (steps.data as Float32Array).map((step, i) => step * factors[Math.floor(i / inner) % factors.length]!),
    steps.shape,
  );
}

/** The same model with every weight it keeps as float16 or int8 as a float32 initializer of the name the graph uses. */
export function widenWeights(model: OnnxModel): OnnxModel {
  const initializers = new Map(Object.entries(model.initializers));
  const nodes: OnnxNode[] = [];
  const replaced = new Set<string>();
  for (const node of model.nodes) {
    const [source = '', factor = ''] = node.inputs;
    const name = node.outputs[0]!;
    const value = initializers.get(source);
    const wide = node.opType === 'Cast' && node.attributes?.to === dtypeCodes.float32 && value && widened(value);
    const scale = initializers.get(factor);
    if (wide) {
      initializers.set(name, wide);
      replaced.add(source);
    } else if (node.opType === 'Mul' && value && scale && factor === `${name}.scale` && source === `${name}.steps`) {
      initializers.set(name, scaled(value, scale));
      replaced.add(source).add(factor);
    } else nodes.push(node);
  }
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  for (const name of replaced) if (!used.has(name)) initializers.delete(name);
  return { ...model, nodes, initializers: Object.fromEntries(initializers) };
}

/**
 * One weight of a graph as float32, through what files of smaller weights put before it; undefined for a name that is
 * computed from something else.
 */
export function weightOf(model: OnnxModel, name: string): TensorValue<'float32'> | undefined {
  return weightWithin(model, name, 4);
}

/** `steps`: how many nodes may stand before the weight, of which files of ours have two. More is another network's arithmetic, or a circle. */
function weightWithin(model: OnnxModel, name: string, steps: number): TensorValue<'float32'> | undefined {
  const value = Object.hasOwn(model.initializers, name) ? model.initializers[name] : undefined;
  if (value) return value.dtype === 'float32' ? (value as TensorValue<'float32'>) : widened(value);
  const node = steps > 0 ? model.nodes.find(({ outputs }) => outputs.includes(name)) : undefined;
  const source = (at: number): TensorValue<'float32'> | undefined => weightWithin(model, node!.inputs[at]!, steps - 1);
  if (node?.opType === 'Cast' || node?.opType === 'Identity') return source(0);
  if (node?.opType !== 'Mul' || node.inputs[1] !== `${name}.scale`) return undefined;
  const [all, factor] = [source(0), source(1)];
  return all && factor && scaled(all, factor);
}
