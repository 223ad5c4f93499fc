/** Reshape, Transpose, Expand: data movement without arithmetic. */
import { type Shape, sizeOf } from '@mien/onnx';
import { describe, sameShape, type Value } from '../graph.ts';
import { reduceSum } from './reduce.ts';

/** The same values in another shape of equal size. The first dimension follows from the others, so that a batch may be symbolic in the exported file. */
export function reshape(x: Value, shape: Shape): Value {
  if (sizeOf(shape) !== sizeOf(x.shape)) throw new Error(`Reshape: ${describe(x.shape)} does not hold as many values as ${describe(shape)}`);
  if (sameShape(shape, x.shape)) return x;
  const dims = shape.map((dim, i) => (i === 0 ? -1 : dim));
  const y = x.graph.emit('Reshape', [x, x.graph.constant(dims, [dims.length], 'int64')], shape);
  return x.graph.record([x], y, (dy) => [reshape(dy, x.shape)]);
}

/** [N, …] → [N, D]. The batch may be symbolic in the exported file. */
export function flatten(x: Value): Value {
  if (x.shape.length === 0) throw new Error(`Flatten: expected x [N,…], got ${describe(x.shape)}`);
  const shape = [x.shape[0]!, sizeOf(x.shape.slice(1))];
  const y = x.graph.emit('Flatten', [x], shape, { attributes: { axis: 1 } });
  return x.graph.record([x], y, (dy) => [reshape(dy, x.shape)]);
}

/** Inserts dimensions of size 1 at the given output axes. */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  const rank = x.shape.length + axes.length;
  if (new Set(axes).size !== axes.length || axes.some((axis) => axis < 0 || axis >= rank))
    throw new Error(`Unsqueeze: axes ${describe(axes)} are not all new ones of x ${describe(x.shape)}`);
  const shape = [...x.shape];
  for (const axis of axes.toSorted((a, b) => a - b)) shape.splice(axis, 0, 1);
  const y = x.graph.emit('Unsqueeze', [x, x.graph.constant(axes, [axes.length], 'int64')], shape);
  return x.graph.record([x], y, (dy) => [reshape(dy, x.shape)]);
}

/** Axes reordered: output axis i is input axis `permutation[i]`. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  if (permutation.length !== x.shape.length || x.shape.some((_, axis) => !permutation.includes(axis)))
    throw new Error(`Transpose: ${describe(permutation)} does not order the axes of x ${describe(x.shape)}`);
  const y = x.graph.emit(
    'Transpose',
    [x],
    permutation.map((axis) => x.shape[axis]!),
    { attributes: { perm: permutation } },
  );
  const inverse = permutation.map((_, i) => permutation.indexOf(i));
  return x.graph.record([x], y, (dy) => [transpose(dy, inverse)]);
}

/** Repeats dimensions of size 1 up to `shape`, which may have more dimensions in front. Throws, naming both, where it does not fit. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(shape, x.shape)) return x;
  const extra = shape.length - x.shape.length;
  if (extra < 0 || x.shape.some((dim, i) => dim !== 1 && dim !== shape[i + extra]))
    throw new Error(`Expand: ${describe(x.shape)} does not broadcast to ${describe(shape)}`);
  const y = x.graph.emit('Expand', [x, x.graph.constant(shape, [shape.length], 'int64')], shape);
  const axes = shape.map((_, i) => i).filter((i) => i < extra || (x.shape[i - extra] === 1 && shape[i] !== 1));
  return x.graph.record([x], y, (dy) => [reshape(reduceSum(dy, axes), x.shape)]);
}
