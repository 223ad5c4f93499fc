/** ReduceSum, ReduceMean, ReduceMax over chosen axes. */
import type { Shape } from '@mien/onnx';
import { describe, sameShape, Value } from '../graph.ts';
import { broadcastBlocked, reduceBlocked } from '../kernels/broadcast.ts';
import { div, mul, scale } from './arithmetic.ts';
import { expand, reshape } from './shape.ts';

function keptShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
}

function reduced(op: 'ReduceSum' | 'ReduceMax', x: Value, axes: readonly number[]): Value {
  for (const axis of axes) if (!(axis in x.shape)) throw new Error(`${op}: axis ${axis} is not one of x ${describe(x.shape)}`);
  return reduceBlocked(op, x, axes) ?? x.graph.emit(op, [x, x.graph.constant(axes, [axes.length], 'int64')], keptShape(x.shape, axes));
}

/** v repeated to the shape of x; of a map only when someone reads it, because it mostly is added to something. */
function repeated(v: Value, x: Value): Value {
  if (x.shape.length !== 4 || sameShape(v.shape, x.shape)) return expand(v, x.shape);
  const dx = new Value(x.graph, x.shape, 'float32', {});
  dx.repeats = v;
  return dx;
}

/** Σ over `axes` (non-negative), kept as dimensions of size 1. */
export function reduceSum(x: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return x;
  return x.graph.record([x], reduced('ReduceSum', x, axes), (dy) => [repeated(dy, x)]);
}

/** Mean over `axes` (non-negative), kept as dimensions of size 1. */
export function reduceMean(x: Value, axes: readonly number[]): Value {
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return scale(reduceSum(x, axes), 1 / count);
}

/** Maximum over `axes` (non-negative), kept as dimensions of size 1. Equal maxima share the gradient. */
export function reduceMax(x: Value, axes: readonly number[]): Value {
  const { graph } = x;
  if (axes.length === 0) return x;
  const y = reduced('ReduceMax', x, axes);
  return graph.record([x], y, (dy) => {
    const equal = broadcastBlocked('Equal', x, y, 'bool') ?? graph.emit('Equal', [x, y], x.shape, { dtype: 'bool' });
    const mask = graph.emit('Cast', [equal], x.shape, { attributes: { to: 1 }, layout: equal.names.blocked ? 'blocked' : 'plain' });
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
