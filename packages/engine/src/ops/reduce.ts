/** ReduceSum, ReduceMean, ReduceMax over chosen axes. */
import type { Shape } from '@mien/onnx';
import type { Value } from '../graph.ts';
import { div, mul, scale } from './arithmetic.ts';
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

/** Maximum over `axes`, kept as dimensions of size 1. Equal maxima share the gradient. */
export function reduceMax(x: Value, axes: readonly number[]): Value {
  const { graph } = x;
  const y = graph.emit('ReduceMax', [x, graph.constant(axes, [axes.length], 'int64')], keptShape(x.shape, axes));
  return graph.record([x], y, (dy) => {
    const equal = graph.emit('Equal', [x, y], x.shape, { dtype: 'bool' });
    const mask = graph.emit('Cast', [equal], x.shape, { attributes: { to: 1 } });
    return [mul(mask, div(dy, reduceSum(mask, axes)))];
  });
}

/** Σ over everything, as a scalar []. */
export function sumAll(x: Value): Value {
  return reshape(
    reduceSum(
      x,
      x.shape.map((_, i) => i),
    ),
    [],
  );
}
