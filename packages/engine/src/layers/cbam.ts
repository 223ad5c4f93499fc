/** The convolutional block attention module: what to look at (channels), then where (positions). */
import type { Value } from '../graph.ts';
import { constantOf, glorotUniform, heNormal } from '../initializers.ts';
import type { Net } from '../network.ts';
import { relu, sigmoid } from '../ops/activation.ts';
import { add, mul, scale } from '../ops/arithmetic.ts';
import { concat } from '../ops/concat.ts';
import { dense } from '../ops/dense.ts';
import { scaleChannels } from '../ops/gate.ts';
import { globalAveragePool } from '../ops/pooling.ts';
import { reduceMax, reduceMean } from '../ops/reduce.ts';
import { flatten, unsqueeze } from '../ops/shape.ts';
import { convLayer } from './conv-layer.ts';

export interface CbamOptions {
  /** Channels of x ÷ hidden units of the shared MLP. Default 16. */
  readonly reduction?: number;
  /** Side of the spatial convolution, odd. Default 7. */
  readonly kernel?: number;
  /** Biases in the MLP and the convolution. Default true. */
  readonly bias?: boolean;
}

/**
 * Channel attention (Woo et al. 2018, eq. 2): x · σ(mlp(avg x) + mlp(max x)), mlp = W₂ relu(W₁·). x [N,C,H,W], gate in (0,1).
 * The second layer is linear, so both branches go through it at once.
 */
export function channelAttention(net: Net, name: string, x: Value, { reduction = 16, bias = true }: CbamOptions = {}): Value {
  const C = x.shape[1]!;
  const hidden = Math.floor(C / reduction);
  if (hidden < 1) throw new Error(`channel attention: ${C} channels cannot be reduced ${reduction} times`);
  const inner = net.scope(name);
  const w1 = inner.weight('fc1.weight', [hidden, C], heNormal, { decay: true });
  const b1 = bias ? inner.weight('fc1.bias', [hidden], constantOf(0)) : undefined;
  const w2 = inner.weight('fc2.weight', [C, hidden], glorotUniform, { decay: true });
  const b2 = bias ? inner.weight('fc2.bias', [C], constantOf(0)) : undefined;
  const branch = (pooled: Value): Value => relu(dense(flatten(pooled), w1, b1));
  const both = add(branch(globalAveragePool(x)), branch(reduceMax(x, [2, 3])));
  const gate = sigmoid(dense(both, w2, b2 && scale(b2, 2)));
  net.layer(name, 'channel-attention', x.shape, 2 * C * hidden + (bias ? hidden + C : 0), 3 * C * hidden);
  return scaleChannels(x, unsqueeze(gate, [2, 3]));
}

/** Spatial attention (Woo et al. 2018, eq. 3): x · σ(conv k×k([mean; max] over channels)). x [N,C,H,W], gate [N,1,H,W] in (0,1). */
export function spatialAttention(net: Net, name: string, x: Value, { kernel = 7, bias = true }: CbamOptions = {}): Value {
  const pooled = concat([reduceMean(x, [1]), reduceMax(x, [1])], 1);
  return mul(x, sigmoid(convLayer(net.scope(name), 'conv', pooled, { channels: 1, kernel, bias, initializer: glorotUniform })));
}

/**
 * CBAM (Woo et al. 2018): channel, then spatial attention. x [N,C,H,W] → [N,C,H,W].
 * Reduction 8, kernel 3 on 512 channels: 66,131 parameters.
 */
export function cbam(net: Net, name: string, x: Value, options: CbamOptions = {}): Value {
  const inner = net.scope(name);
  return spatialAttention(inner, 'spatial', channelAttention(inner, 'channel', x, options), options);
}
