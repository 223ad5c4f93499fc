/** Layers that leave something out at random while training and are the identity in inference. */
import type { Shape } from '@mien/onnx';
import type { Value } from '../graph.ts';
import type { Net } from '../network.ts';
import { dropout, stochasticDepth } from '../ops/dropout.ts';

/** Declares the mask, to be drawn before each step. Rates are rounded to 1/256, so that a mask needs one random byte a value, and lie below 1. */
function masked(net: Net, name: string, shape: Shape, rate: number, build: (mask: Value, rounded: number) => Value): Value | undefined {
  const rounded = Math.min(255, Math.round(rate * 256)) / 256;
  if (!net.training || rounded === 0) return undefined;
  const mask = net.graph.input(net.name(`${name}.mask`), shape, 'uint8');
  net.build.masks.push({ name: net.name(`${name}.mask`), shape, rate: rounded });
  return build(mask, rounded);
}

/** Dropout: single values of x, any shape, are zeroed with probability `rate`, the others scaled up. */
export function dropoutLayer(net: Net, name: string, x: Value, rate: number): Value {
  net.layer(name, 'dropout', x.shape, 0);
  return masked(net, name, x.shape, rate, (mask, rounded) => dropout(x, mask, rounded)) ?? x;
}

/**
 * Stochastic depth of a residual branch: whole samples of x [N,…] are zeroed with probability `rate`, the others scaled up.
 * A branch in and below which every weight is frozen has nothing to learn from it and is left whole.
 */
export function stochasticDepthLayer(net: Net, name: string, x: Value, rate: number): Value {
  net.layer(name, 'stochastic-depth', x.shape, 0);
  if (!x.requiresGrad) return x;
  return masked(net, name, [x.shape[0]!], rate, (mask, rounded) => stochasticDepth(x, mask, rounded)) ?? x;
}
