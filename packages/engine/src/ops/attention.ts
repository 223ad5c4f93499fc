/** Scaled dot-product attention (Vaswani et al. 2017, eq. 1). */
import { describe, sameShape, type Value } from '../graph.ts';
import { mul, scale, sub } from './arithmetic.ts';
import { concat } from './concat.ts';
import { matMul } from './matmul.ts';
import { reduceSum } from './reduce.ts';
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

/**
 * Self-attention on queries, keys and values that lie side by side, as one projection puts them out: qkv [N,T,3D] → [N,T,D].
 * The same as `attention` on its three thirds, with one gradient for all three and no slices of it to add up.
 */
export function selfAttention(qkv: Value, heads = 1): Value {
  const { graph } = qkv;
  const [N, T, triple] = qkv.shape as [number, number, number];
  const D = triple / 3;
  if (qkv.shape.length !== 3 || !Number.isInteger(D)) throw new Error(`attention: expected qkv [N,T,3D], got ${describe(qkv.shape)}`);
  if (D % heads !== 0) throw new Error(`attention: ${D} features cannot be split into ${heads} heads`);
  const d = D / heads;
  const factor = 1 / Math.sqrt(d);
  const swap = (x: Value): Value => transpose(x, [0, 1, 3, 2]);
  const { q, k, v, p, y } = graph.untaped(() => {
    const parts = graph.emitMany(
      'Split',
      [transpose(reshape(qkv, [N, T, 3, heads, d]), [2, 0, 3, 1, 4])],
      [0, 1, 2].map(() => ({ shape: [1, N, heads, T, d], dtype: 'float32' as const })),
      { attributes: { axis: 0, num_outputs: 3 } },
    );
    // Squeezed by a fixed axis rather than reshaped, so that the batch may be symbolic.
    const [q, k, v] = parts.map((part) => graph.emit('Squeeze', [part, graph.constant([0], [1], 'int64')], [N, heads, T, d])) as [Value, Value, Value];
    const p = softmax(scale(matMul(q, swap(k)), factor)); // [N,heads,T,T]
    return { q, k, v, p, y: reshape(transpose(matMul(p, v), [0, 2, 1, 3]), [N, T, D]) };
  });
  return graph.record([qkv], y, (dy) => {
    const mixed = transpose(reshape(dy, [N, T, heads, d]), [0, 2, 1, 3]); // [N,heads,T,d]
    const dp = matMul(mixed, swap(v));
    const scores = scale(mul(p, sub(dp, reduceSum(mul(p, dp), [3]))), factor);
    const parts = [matMul(scores, k), matMul(swap(scores), q), matMul(swap(p), mixed)].map((part) => reshape(part, [1, N, heads, T, d]));
    return [reshape(transpose(concat(parts, 0), [1, 3, 0, 2, 4]), [N, T, triple])];
  });
}
