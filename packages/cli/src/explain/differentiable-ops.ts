/** Nodes of an exported file as the engine's differentiable operations, for the layers networks end with. */
import {
  add,
  averagePool,
  concat,
  conv,
  dense,
  div,
  expand,
  globalAveragePool,
  matMul,
  maxPool,
  mul,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  scale,
  sigmoid,
  slice,
  softmax,
  sub,
  tanh,
  transpose,
  Value,
} from '@mien/engine';
import { type OnnxNode, sizeOf } from '@mien/onnx';

/** A tensor of the graph, or whole numbers known beforehand: shapes, axes, places. */
export type Known = Value | readonly number[];

/** A node, or a form of one, that cannot be differentiated here. */
export class NoDerivative extends Error {}

type Translate = (node: OnnxNode, inputs: readonly (Known | undefined)[]) => Known | readonly Known[];

function tensorOf(known: Known | undefined): Value {
  if (!(known instanceof Value)) throw new NoDerivative('expected a tensor, got whole numbers');
  return known;
}

function numbersOf(known: Known | undefined): readonly number[] {
  if (known === undefined || known instanceof Value) throw new NoDerivative('expected whole numbers known beforehand');
  return known;
}

function numberAt({ attributes }: OnnxNode, name: string, otherwise: number): number {
  const found = attributes?.[name];
  if (found === undefined) return otherwise;
  return typeof found === 'object' && 'float' in found ? found.float : Number(found);
}

const numbersAt = ({ attributes }: OnnxNode, name: string): readonly number[] | undefined => attributes?.[name] as readonly number[] | undefined;

/** Axes counted from the front. */
const fromFront = (axes: readonly number[], rank: number): number[] => axes.map((axis) => (axis < 0 ? axis + rank : axis));

/** The only number of a list; forms with several are not known. */
function same(values: readonly number[] | undefined, otherwise: number, what: string): number {
  const [first = otherwise, ...more] = values ?? [];
  if (more.some((value) => value !== first)) throw new NoDerivative(`${what} ${values!.join(', ')}`);
  return first;
}

const binary =
  (op: (a: Value, b: Value) => Value): Translate =>
  (_, [a, b]) =>
    op(tensorOf(a), tensorOf(b));

const unary =
  (op: (x: Value) => Value): Translate =>
  (_, [x]) =>
    op(tensorOf(x));

const reduction =
  (op: (x: Value, axes: readonly number[]) => Value): Translate =>
  (node, [given, axes]) => {
    const x = tensorOf(given);
    const rank = x.shape.length;
    const over = fromFront(axes === undefined ? (numbersAt(node, 'axes') ?? x.shape.map((_, i) => i)) : numbersOf(axes), rank);
    const y = op(x, over);
    return numberAt(node, 'keepdims', 1) === 1
      ? y
      : reshape(
          y,
          y.shape.filter((_, i) => !over.includes(i)),
        );
  };

/** √x; dy/dx = 1/(2y). */
function squareRoot(x: Value): Value {
  const y = x.graph.emit('Sqrt', [x], x.shape);
  return x.graph.record([x], y, (dy) => [div(scale(dy, 0.5), y)]);
}

/** The error function; dy/dx = 2/√π · e^(−x²). */
function errorFunction(x: Value): Value {
  const y = x.graph.emit('Erf', [x], x.shape);
  return x.graph.record([x], y, (dy) => [mul(dy, scale(x.graph.emit('Exp', [scale(mul(x, x), -1)], x.shape), 2 / Math.sqrt(Math.PI)))]);
}

/** Per channel, beside x [N,C,…]. */
const perChannel = (v: Value, x: Value): Value => reshape(v, [1, v.shape[0]!, ...x.shape.slice(2).map(() => 1)]);

const batchNormalization: Translate = (node, inputs) => {
  const [x, gamma, beta, mean, variance] = inputs.map(tensorOf) as [Value, Value, Value, Value, Value];
  const factor = div(gamma, squareRoot(add(variance, x.graph.constant(numberAt(node, 'epsilon', 1e-5)))));
  return add(mul(x, perChannel(factor, x)), perChannel(sub(beta, mul(mean, factor)), x));
};

const gemm: Translate = (node, [x, w, b]) => {
  if (numberAt(node, 'transA', 0) !== 0 || numberAt(node, 'alpha', 1) !== 1 || numberAt(node, 'beta', 1) !== 1) throw new NoDerivative('a Gemm with factors');
  const weights = tensorOf(w);
  const y = dense(tensorOf(x), numberAt(node, 'transB', 0) === 1 ? weights : transpose(weights, [1, 0]));
  return b === undefined ? y : add(y, tensorOf(b));
};

const convolution: Translate = (node, [x, w, b]) => {
  const pads = numbersAt(node, 'pads') ?? [0, 0, 0, 0];
  const weights = tensorOf(w);
  const y = conv(tensorOf(x), weights, {
    stride: same(numbersAt(node, 'strides'), 1, 'strides'),
    dilation: same(numbersAt(node, 'dilations'), 1, 'dilations'),
    groups: numberAt(node, 'group', 1),
    padding: [pads[0]!, pads[1]!, pads[2]!, pads[3]!],
  });
  return b === undefined ? y : add(y, perChannel(tensorOf(b), y));
};

const windowOf = (node: OnnxNode): { size: number; stride: number; padding: number } => ({
  size: same(numbersAt(node, 'kernel_shape'), 1, 'kernel_shape'),
  stride: same(numbersAt(node, 'strides'), 1, 'strides'),
  padding: same(numbersAt(node, 'pads'), 0, 'pads'),
});

/** The elements a slice takes along one axis, of `size`. */
function cut(x: Value, axis: number, start: number, end: number): Value {
  const size = x.shape[axis]!;
  const place = (at: number): number => Math.min(size, Math.max(0, at < 0 ? at + size : at));
  return slice(x, axis, place(start), place(end));
}

const slicing: Translate = (_, [given, starts, ends, axes, steps]) => {
  const from = numbersOf(starts);
  if (steps !== undefined && numbersOf(steps).some((step) => step !== 1)) throw new NoDerivative('a Slice in steps');
  const x = tensorOf(given);
  const along = axes === undefined ? from.map((_, i) => i) : fromFront(numbersOf(axes), x.shape.length);
  return along.reduce((y, axis, i) => cut(y, axis, from[i]!, numbersOf(ends)[i]!), x);
};

const splitting: Translate = (node, [given, sizes]) => {
  const x = tensorOf(given);
  const [axis] = fromFront([numberAt(node, 'axis', 0)], x.shape.length) as [number];
  const parts = node.outputs.length;
  const lengths = sizes === undefined ? Array.from({ length: parts }, () => x.shape[axis]! / parts) : numbersOf(sizes);
  return lengths.map((length, i) => {
    const start = lengths.slice(0, i).reduce((sum, each) => sum + each, 0);
    return slice(x, axis, start, start + length);
  });
};

/** 0 keeps a dimension, −1 is what is left. */
const reshaping: Translate = (_, [given, target]) => {
  const x = tensorOf(given);
  const dims = numbersOf(target).map((dim, i) => (dim === 0 ? x.shape[i]! : dim));
  const left = sizeOf(x.shape) / dims.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  return reshape(
    x,
    dims.map((dim) => (dim === -1 ? left : dim)),
  );
};

const unsqueezing: Translate = (node, [given, axes]) => {
  const x = tensorOf(given);
  const at = axes === undefined ? numbersAt(node, 'axes')! : numbersOf(axes);
  const shape = [...x.shape];
  for (const axis of fromFront(at, x.shape.length + at.length).sort((a, b) => a - b)) shape.splice(axis, 0, 1);
  return reshape(x, shape);
};

const squeezing: Translate = (node, [given, axes]) => {
  const x = tensorOf(given);
  const listed = axes === undefined ? numbersAt(node, 'axes') : numbersOf(axes);
  const gone = listed ? fromFront(listed, x.shape.length) : x.shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
  return reshape(
    x,
    x.shape.filter((_, i) => !gone.includes(i)),
  );
};

const flattening: Translate = (node, [given]) => {
  const x = tensorOf(given);
  const [axis] = fromFront([numberAt(node, 'axis', 1)], x.shape.length) as [number];
  return reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
};

/** Of numbers too: shapes are put together by it. */
const joining: Translate = (node, inputs) => {
  if (inputs.every((input) => input !== undefined && !(input instanceof Value))) return inputs.flatMap(numbersOf);
  const values = inputs.map(tensorOf);
  return concat(values, fromFront([numberAt(node, 'axis', 0)], values[0]!.shape.length)[0]!);
};

/** By the name of the node; what is missing cannot be differentiated. */
export const differentiableOps: Readonly<Record<string, Translate>> = {
  Add: binary(add),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: binary(div),
  MatMul: binary(matMul),
  Relu: unary(relu),
  Sigmoid: unary(sigmoid),
  Tanh: unary(tanh),
  Sqrt: unary(squareRoot),
  Erf: unary(errorFunction),
  Identity: unary((x) => x),
  Dropout: unary((x) => x),
  GlobalAveragePool: unary(globalAveragePool),
  ReduceSum: reduction(reduceSum),
  ReduceMean: reduction(reduceMean),
  ReduceMax: reduction(reduceMax),
  MaxPool: (node, [x]) => {
    const { size, stride, padding } = windowOf(node);
    return maxPool(tensorOf(x), size, { stride, padding });
  },
  AveragePool: (node, [x]) => {
    const { size, stride, padding } = windowOf(node);
    return averagePool(tensorOf(x), size, { stride, padding, countPad: numberAt(node, 'count_include_pad', 0) === 1 });
  },
  Softmax: (node, [x]) => softmax(tensorOf(x), fromFront([numberAt(node, 'axis', -1)], tensorOf(x).shape.length)[0]!),
  Transpose: (node, [x]) => transpose(tensorOf(x), numbersAt(node, 'perm') ?? tensorOf(x).shape.map((_, i, all) => all.length - 1 - i)),
  Shape: (node, [x]) => tensorOf(x).shape.slice(numberAt(node, 'start', 0), numberAt(node, 'end', tensorOf(x).shape.length)),
  Expand: (_, [x, shape]) => expand(tensorOf(x), numbersOf(shape)),
  BatchNormalization: batchNormalization,
  Gemm: gemm,
  Conv: convolution,
  Slice: slicing,
  Split: splitting,
  Reshape: reshaping,
  Unsqueeze: unsqueezing,
  Squeeze: squeezing,
  Flatten: flattening,
  Concat: joining,
};
