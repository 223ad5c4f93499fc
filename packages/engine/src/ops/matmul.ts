/** Matrix products, single or batched (ONNX `MatMul`, numpy rules). */
import { describe, type Value } from '../graph.ts';
import { broadcastShape } from './arithmetic.ts';
import { reduceSum } from './reduce.ts';
import { reshape, transpose } from './shape.ts';
import type { Shape } from '@mien/onnx';

function swapLast(x: Value): Value {
  const axes = x.shape.map((_, i) => i);
  const n = axes.length;
  return transpose(x, [...axes.slice(0, -2), n - 1, n - 2]);
}

/** Sums over leading axes along which an operand was broadcast. */
function sumBatch(dx: Value, shape: Shape): Value {
  const extra = dx.shape.length - shape.length;
  const axes = dx.shape.map((_, i) => i).filter((i) => i < dx.shape.length - 2 && (i < extra || (shape[i - extra] === 1 && dx.shape[i] !== 1)));
  return axes.length ? reshape(reduceSum(dx, axes), shape) : reshape(dx, shape);
}

/** a·b over the last two axes: [..., M, D] · [..., D, P] → [..., M, P]; leading axes broadcast. Throws, naming both sides. */
export function matMul(a: Value, b: Value): Value {
  const rankOk = a.shape.length >= 2 && b.shape.length >= 2;
  if (!rankOk || a.shape.at(-1) !== b.shape.at(-2)) {
    throw new Error(`MatMul: ${describe(a.shape)} · ${describe(b.shape)}: the last dimension of the first must equal the last but one of the second`);
  }
  const batch = broadcastShape('MatMul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const y = a.graph.emit('MatMul', [a, b], [...batch, a.shape.at(-2)!, b.shape.at(-1)!]);
  return a.graph.record([a, b], y, (dy, needed) => [
    needed[0] ? sumBatch(matMul(dy, swapLast(b)), a.shape) : undefined,
    needed[1] ? sumBatch(matMul(swapLast(a), dy), b.shape) : undefined,
  ]);
}
