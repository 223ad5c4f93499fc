/** Scaled dot-product attention (Vaswani et al. 2017, eq. 1). */
import { describe, sameShape, type Value } from '../graph.ts';
import { scale } from './arithmetic.ts';
import { matMul } from './matmul.ts';
import { reshape, transpose } from './shape.ts';
import { softmax } from './softmax.ts';

/**
 * softmax(q·kᵀ/√d)·v over tokens, each sample by itself: q, k, v [N,T,D] → [N,T,D], with D split into `heads` parts of d.
 * Throws when the shapes differ or D is not divisible by the heads.
 */
export function attention(q: Value, k: Value, v: Value, heads = 1): Value {
  const [N, T, D] = q.shape as [number, number, number];
  if (q.shape.length !== 3 || !sameShape(q.shape, k.shape) || !sameShape(q.shape, v.shape)) {
    throw new Error(`attention: q ${describe(q.shape)}, k ${describe(k.shape)} and v ${describe(v.shape)} must all be [N,T,D]`);
  }
  if (D % heads !== 0) throw new Error(`attention: ${D} features cannot be split into ${heads} heads`);
  const d = D / heads;
  const split = (x: Value, order: readonly number[]): Value => transpose(reshape(x, [N, T, heads, d]), order);
  const scores = scale(matMul(split(q, [0, 2, 1, 3]), split(k, [0, 2, 3, 1])), 1 / Math.sqrt(d)); // [N,heads,T,T]
  const mixed = matMul(softmax(scores), split(v, [0, 2, 1, 3])); // [N,heads,T,d]
  return reshape(transpose(mixed, [0, 2, 1, 3]), [N, T, D]);
}
