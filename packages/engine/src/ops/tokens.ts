/** Between maps and tokens: what a transformer does before its first block. */
import { describe, type Value } from '../graph.ts';
import { concat } from './concat.ts';
import { reduceSum } from './reduce.ts';
import { reshape, transpose } from './shape.ts';

/** Each position of a map as a token, rows first: x [N,C,H,W] → [N,H·W,C]. */
export function toTokens(x: Value): Value {
  if (x.shape.length !== 4) throw new Error(`toTokens: expected x [N,C,H,W], got ${describe(x.shape)}`);
  const [N, C, H, W] = x.shape as [number, number, number, number];
  return transpose(reshape(x, [N, C, H * W]), [0, 2, 1]);
}

/** One token before those of every sample: token [1,1,D], x [N,T,D] → [N,T+1,D]. The batch may be symbolic. */
export function prependToken(token: Value, x: Value): Value {
  const { graph } = x;
  const [N, , D] = x.shape as [number, number, number];
  if (x.shape.length !== 3 || token.shape.length !== 3 || token.shape[0] !== 1 || token.shape[1] !== 1 || token.shape[2] !== D)
    throw new Error(`prependToken: x ${describe(x.shape)} needs a token [1,1,${D}], got ${describe(token.shape)}`);
  const batch = graph.emit('Shape', [x], [1], { dtype: 'int64', attributes: { start: 0, end: 1 } });
  const target = graph.emit('Concat', [batch, graph.constant([1, D], [2], 'int64')], [3], { dtype: 'int64', attributes: { axis: 0 } });
  const repeated = graph.record([token], graph.emit('Expand', [token, target], [N, 1, D]), (dy) => [reduceSum(dy, [0])]);
  return concat([repeated, x], 1);
}
