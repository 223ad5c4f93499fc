/** Layers over tokens [N,T,D]: self-attention with weights, learned positions, a class token. */
import type { Value } from '../graph.ts';
import { constantOf, glorotUniform, type Initializer, normal } from '../initializers.ts';
import type { Net } from '../network.ts';
import { add } from '../ops/arithmetic.ts';
import { selfAttention } from '../ops/attention.ts';
import { dense } from '../ops/dense.ts';
import { prependToken } from '../ops/tokens.ts';
import { denseLayer } from './dense-layer.ts';

export interface AttentionLayerOptions {
  /** Parts the features are split into, each attending by itself; must divide D. Default 1. */
  readonly heads?: number;
  /** Biases of the projections. Default true. */
  readonly bias?: boolean;
  /** Whether a last linear map mixes the heads, as in a transformer block. Default true. */
  readonly project?: boolean;
  readonly initializer?: Initializer;
}

/**
 * Multi-head self-attention (Vaswani et al. 2017, section 3.2.2): x [N,T,D] → [N,T,D], each sample by itself. Queries, keys and
 * values come from one matrix `qkv.weight` [3D,D], heads are mixed by `proj.weight` [D,D] (timm's names).
 */
export function multiHeadAttention(net: Net, name: string, x: Value, options: AttentionLayerOptions = {}): Value {
  const { heads = 1, bias = true, project = true, initializer = glorotUniform } = options;
  const [, T, D] = x.shape as [number, number, number];
  const inner = net.scope(name);
  const w = inner.weight('qkv.weight', [3 * D, D], initializer, { decay: true });
  const b = bias ? inner.weight('qkv.bias', [3 * D], constantOf(0)) : undefined;
  const y = selfAttention(dense(x, w, b), heads);
  net.layer(name, 'attention', y.shape, 3 * D * D + (bias ? 3 * D : 0), 3 * T * D * D + 2 * T * T * D);
  return project ? denseLayer(inner, 'proj', y, D, { bias, initializer }) : y;
}

/** Learned positions (Dosovitskiy et al. 2021, eq. 1): adds a weight [1,T,D] to the tokens x [N,T,D]. */
export function positionalEmbedding(net: Net, name: string, x: Value): Value {
  const [, T, D] = x.shape as [number, number, number];
  const y = add(x, net.weight(name, [1, T, D], normal(0.02)));
  net.layer(name, 'positional-embedding', y.shape, T * D);
  return y;
}

/** A learned token in front, from which a transformer's answer is read: x [N,T,D] → [N,T+1,D]. */
export function classToken(net: Net, name: string, x: Value): Value {
  const D = x.shape[2]!;
  const y = prependToken(net.weight(name, [1, 1, D], normal(0.02)), x);
  net.layer(name, 'class-token', y.shape, D);
  return y;
}
