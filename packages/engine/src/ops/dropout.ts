/** Dropout (Srivastava et al. 2014), with the mask fed from outside so that a resumed run draws the same one. */
import { commonLayout, describe, sameShape, Value } from '../graph.ts';
import { mul, scale } from './arithmetic.ts';

/** x · mask / (1 − rate). mask: a uint8 graph input of 0 and 1, as many values as x, kept with probability 1 − rate. */
export function dropout(x: Value, mask: Value, rate: number): Value {
  const { graph } = x;
  if (!sameShape(x.shape, mask.shape)) throw new Error(`dropout: mask ${describe(mask.shape)} must have the shape of x ${describe(x.shape)}`);
  // The mask is noise: its bytes serve in whichever layout x has, as long as forward and backward agree.
  const layout = commonLayout([x]);
  const bytes = new Value(graph, x.shape, 'uint8', { [layout]: mask.names.plain! });
  const keep = scale(graph.emit('Cast', [bytes], x.shape, { attributes: { to: 1 }, layout }), 1 / (1 - rate));
  return mul(x, keep);
}
