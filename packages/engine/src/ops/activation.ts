/** ReLU, ReLU6, Sigmoid, HardSigmoid, Tanh, SiLU, HardSwish, GELU. */
import { commonLayout, type Value } from '../graph.ts';
import { positiveMask } from '../kernels/channels.ts';
import { positiveIndicator } from '../kernels/portable.ts';
import { add, mul, scale, sub } from './arithmetic.ts';

function unary(op: string, x: Value): Value {
  return x.graph.emit(op, [x], x.shape, { layout: commonLayout([x]) });
}

/** 1 where y > 0, else 0, for y that is never negative. */
function signOf(y: Value): Value {
  return y.graph.kernels.portable ? positiveIndicator(y) : unary('Sign', y);
}

/** dy · [y > 0], for y = max(0, ·). */
export function reluGradient(dy: Value, y: Value): Value {
  return mul(dy, commonLayout([y]) === 'blocked' ? positiveMask(y) : signOf(y));
}

/** max(0, x); the gradient at 0 is 0. */
export function relu(x: Value): Value {
  const y = unary('Relu', x);
  y.rectified = x;
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

/** min(max(0, x), limit) with constant bounds; the gradient is 1 strictly between them, else 0. */
function clipped(x: Value, limit: number): Value {
  const { graph } = x;
  const layout = commonLayout([x]);
  const bound = (value: number): string => graph.constant(value).names.plain!;
  const y = graph.emit('Clip', [graph.nameIn(x, layout), bound(0), bound(limit)], x.shape, { layout });
  return graph.record([x], y, (dy) => {
    const room = graph.emit('Sub', [bound(limit), graph.nameIn(x, layout)], x.shape, { layout });
    return [mul(dy, mul(signOf(unary('Relu', x)), signOf(unary('Relu', room))))];
  });
}

/** min(max(0, x), 6) (Howard et al. 2017). */
export function relu6(x: Value): Value {
  return clipped(x, 6);
}

/** max(0, min(1, x/6 + 1/2)) (Howard et al. 2019), in [0,1]. */
export function hardSigmoid(x: Value): Value {
  return scale(clipped(add(x, x.graph.constant(3)), 6), 1 / 6);
}

/** x · σ(x) (Elfwing et al. 2018; Swish of Ramachandran et al. 2017). dy/dx = σ + y − y·σ: of what the forward pass left, x is not needed. */
export function silu(x: Value): Value {
  const { graph } = x;
  const { y, gate } = graph.untaped(() => {
    const gate = sigmoid(x);
    return { y: mul(x, gate), gate };
  });
  return graph.record([x], y, (dy) => [mul(dy, add(gate, sub(y, mul(y, gate))))]);
}

/** x · hardSigmoid(x) (Howard et al. 2019, eq. 1). */
export function hardSwish(x: Value): Value {
  return mul(x, hardSigmoid(x));
}

/** x · Φ(x) with the normal distribution's Φ, exact, not the tanh form (Hendrycks & Gimpel 2016). dy/dx = Φ(x) + x·φ(x). */
export function gelu(x: Value): Value {
  const { graph } = x;
  const { y, cdf } = graph.untaped(() => {
    const cdf = scale(add(unary('Erf', scale(x, Math.SQRT1_2)), graph.constant(1)), 0.5);
    return { y: mul(x, cdf), cdf };
  });
  return graph.record([x], y, (dy) => {
    const density = scale(unary('Exp', scale(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(dy, add(cdf, mul(x, density)))];
  });
}
