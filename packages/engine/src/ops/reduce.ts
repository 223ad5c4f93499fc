/** ReduceSum, ReduceMean over chosen axes. */
import type { Shape } from '@mien/onnx';
import type { Value } from '../graph.ts';
import { scale } from './arithmetic.ts';
import { expand, reshape } from './shape.ts';

function keptShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
}

/** Σ over `axes` (non-negative), kept as dimensions of size 1. */
export function reduceSum(x: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return x;
  const y = x.graph.emit('ReduceSum', [x, x.graph.constant(axes, [axes.length], 'int64')], keptShape(x.shape, axes));
  return x.graph.record([x], y, (dy) => [expand(dy, x.shape)]);
}

/** Mean over `axes` (non-negative), kept as dimensions of size 1. */
export function reduceMean(x: Value, axes: readonly number[]): Value {
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return scale(reduceSum(x, axes), 1 / count);
}

/** Σ over everything, as a scalar []. */
export function sumAll(x: Value): Value {
  return reshape(reduceSum(x, x.shape.map((_, i) => i)), []);
}
