/** ReLU, Sigmoid, Tanh. */
import { commonLayout, type Value } from '../graph.ts';
import { positiveMask } from '../kernels/channels.ts';
import { mul, sub } from './arithmetic.ts';

function unary(op: string, x: Value): Value {
  return x.graph.emit(op, [x], x.shape, { layout: commonLayout([x]) });
}

/** dy · [y > 0], for y = max(0, ·). */
export function reluGradient(dy: Value, y: Value): Value {
  return mul(dy, commonLayout([y]) === 'blocked' ? positiveMask(y) : unary('Sign', y));
}

/** max(0, x); the gradient at 0 is 0. */
export function relu(x: Value): Value {
  const y = unary('Relu', x);
  return x.graph.record([x], y, (dy) => [reluGradient(dy, y)]);
}

/** 1 / (1 + e^−x), in (0,1). */
export function sigmoid(x: Value): Value {
  const y = unary('Sigmoid', x);
  return x.graph.record([x], y, (dy) => [mul(dy, sub(y, mul(y, y)))]);
}

/** tanh x, in (−1,1). */
export function tanh(x: Value): Value {
  const y = unary('Tanh', x);
  return x.graph.record([x], y, (dy) => [sub(dy, mul(dy, mul(y, y)))]);
}
