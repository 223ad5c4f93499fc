/** Softmax over one axis. */
import { describe, type Value } from '../graph.ts';
import { mul, sub } from './arithmetic.ts';
import { reduceSum } from './reduce.ts';

/** eˣ / Σeˣ along `axis` (default: the last); rows sum to 1. Gradient: y·(dy − Σ y·dy). */
export function softmax(x: Value, axis = x.shape.length - 1): Value {
  if (!(axis in x.shape)) throw new Error(`Softmax: axis ${axis} is not one of x ${describe(x.shape)}`);
  const y = x.graph.emit('Softmax', [x], x.shape, { attributes: { axis } });
  return x.graph.record([x], y, (dy) => [mul(y, sub(dy, reduceSum(mul(y, dy), [axis])))]);
}
