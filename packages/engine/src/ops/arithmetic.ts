/** Add, Sub, Mul, Div with ONNX broadcasting (numpy rules). */
import type { Shape } from '@mien/onnx';
import { commonLayout, describe, sameShape, type Value } from '../graph.ts';
import { broadcastBlocked } from '../kernels/broadcast.ts';
import { reduceSum } from './reduce.ts';
import { reshape } from './shape.ts';

/** The shape two operands broadcast to. Throws, naming both, when they do not. */
export function broadcastShape(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const da = a[i - rank + a.length] ?? 1;
    const db = b[i - rank + b.length] ?? 1;
    if (da !== db && da !== 1 && db !== 1) throw new Error(`${op}: shapes ${describe(a)} and ${describe(b)} do not broadcast`);
    return da === 1 ? db : da;
  });
}

function binary(op: string, a: Value, b: Value): Value {
  if (sameShape(a.shape, b.shape)) {
    return a.graph.emit(op, [a, b], a.shape, { layout: commonLayout([a, b]) });
  }
  const shape = broadcastShape(op, a.shape, b.shape);
  const blocked = broadcastBlocked(op, a, b) ?? (op === 'Add' || op === 'Mul' ? broadcastBlocked(op, b, a) : undefined);
  if (blocked) return blocked;
  // A scalar is the same in every layout.
  const scalar = sameShape(shape, a.shape) && b.shape.length === 0;
  const layout = scalar ? commonLayout([a]) : 'plain';
  return a.graph.emit(op, scalar ? [a.graph.nameIn(a, layout), a.graph.nameIn(b, 'plain')] : [a, b], shape, { layout });
}

/** Sums a gradient over the axes its operand was broadcast along. */
function sumTo(dy: Value, shape: Shape): Value {
  if (sameShape(dy.shape, shape)) return dy;
  const offset = dy.shape.length - shape.length;
  const axes = dy.shape.map((_, i) => i).filter((i) => i < offset || (shape[i - offset] === 1 && dy.shape[i] !== 1));
  return reshape(reduceSum(dy, axes), shape);
}

/** a + b. */
export function add(a: Value, b: Value): Value {
  return a.graph.record([a, b], binary('Add', a, b), (dy, needed) => [needed[0] ? sumTo(dy, a.shape) : undefined, needed[1] ? sumTo(dy, b.shape) : undefined]);
}

/** a − b. */
export function sub(a: Value, b: Value): Value {
  return a.graph.record([a, b], binary('Sub', a, b), (dy, needed) => [
    needed[0] ? sumTo(dy, a.shape) : undefined,
    needed[1] ? sumTo(neg(dy), b.shape) : undefined,
  ]);
}

/** a · b, elementwise. */
export function mul(a: Value, b: Value): Value {
  return a.graph.record([a, b], binary('Mul', a, b), (dy, needed) => [
    needed[0] ? sumTo(mul(dy, b), a.shape) : undefined,
    needed[1] ? sumTo(mul(dy, a), b.shape) : undefined,
  ]);
}

/** a / b, elementwise. */
export function div(a: Value, b: Value): Value {
  const y = binary('Div', a, b);
  return a.graph.record([a, b], y, (dy, needed) => [
    needed[0] ? sumTo(div(dy, b), a.shape) : undefined,
    needed[1] ? sumTo(neg(mul(dy, div(y, b))), b.shape) : undefined,
  ]);
}

/** −x. */
export function neg(x: Value): Value {
  return x.graph.record([x], x.graph.emit('Neg', [x], x.shape, { layout: commonLayout([x]) }), (dy) => [neg(dy)]);
}

/** factor · x for a constant factor. Works in either layout. */
export function scale(x: Value, factor: number): Value {
  const layout = commonLayout([x]);
  const y = x.graph.emit('Mul', [x.graph.nameIn(x, layout), x.graph.constant(factor).names.plain!], x.shape, { layout });
  return x.graph.record([x], y, (dy) => [scale(dy, factor)]);
}
