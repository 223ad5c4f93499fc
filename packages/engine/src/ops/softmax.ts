/** Softmax over one axis. */
import type { Value } from '../graph.ts';
import { mul, sub } from './arithmetic.ts';
import { reduceSum } from './reduce.ts';

/** eˣ / Σeˣ along `axis` (default: the last); rows sum to 1. Gradient: y·(dy − Σ y·dy). */
export function softmax(x: Value, axis = x.shape.length - 1): Value {
  const y = x.graph.emit('Softmax', [x], x.shape, { attributes: { axis } });
  return x.graph.record([x], y, (dy) => [mul(y, sub(dy, reduceSum(mul(y, dy), [axis])))]);
}
