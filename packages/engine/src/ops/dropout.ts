/** Dropout and stochastic depth, with the mask fed from outside so that a resumed run draws the same one. */
import { commonLayout, describe, sameShape, Value } from '../graph.ts';
import { mul, scale } from './arithmetic.ts';
import { scaleChannels } from './gate.ts';
import { expand, reshape } from './shape.ts';

/** Dropout (Srivastava et al. 2014): x · mask / (1 − rate). mask: a uint8 graph input of 0 and 1, as many values as x, kept with probability 1 − rate. */
export function dropout(x: Value, mask: Value, rate: number): Value {
  const { graph } = x;
  if (!sameShape(x.shape, mask.shape)) throw new Error(`dropout: mask ${describe(mask.shape)} must have the shape of x ${describe(x.shape)}`);
  // The mask is noise: its bytes serve in whichever layout x has, as long as forward and backward agree.
  const layout = commonLayout([x]);
  const bytes = new Value(graph, x.shape, 'uint8', { [layout]: mask.names.plain! });
  const keep = scale(graph.emit('Cast', [bytes], x.shape, { attributes: { to: 1 }, layout }), 1 / (1 - rate));
  return mul(x, keep);
}

/**
 * Stochastic depth (Huang et al. 2016), in the form that scales while training: each sample of a residual branch x [N,…] kept
 * whole, times 1 / (1 − rate), or dropped whole. mask: a uint8 graph input [N] of 0 and 1, 1 with probability 1 − rate.
 */
export function stochasticDepth(x: Value, mask: Value, rate: number): Value {
  const { graph } = x;
  const N = x.shape[0]!;
  if (!sameShape(mask.shape, [N]))
    throw new Error(`stochasticDepth: mask ${describe(mask.shape)} must be [${N}], one value for each sample of x ${describe(x.shape)}`);
  const keep = scale(graph.emit('Cast', [mask], [N], { attributes: { to: 1 } }), 1 / (1 - rate));
  const gate = reshape(
    keep,
    x.shape.map((_, i) => (i === 0 ? N : 1)),
  );
  return x.shape.length === 4 ? scaleChannels(x, expand(gate, [N, x.shape[1]!, 1, 1])) : mul(x, gate);
}
