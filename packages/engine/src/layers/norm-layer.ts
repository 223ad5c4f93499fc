/** Normalisation with weights: batch norm after convolutions and dense layers, layer norm for tokens. */
import type { Value } from '../graph.ts';
import { constantOf } from '../initializers.ts';
import type { Net } from '../network.ts';
import { relu } from '../ops/activation.ts';
import { neg } from '../ops/arithmetic.ts';
import { conv } from '../ops/conv.ts';
import { layerNorm } from '../ops/layer-norm.ts';
import { batchNorm, batchNormFrozen, batchNormInference } from '../ops/normalization.ts';
import { flatten, unsqueeze } from '../ops/shape.ts';
import { type ConvLayerOptions, convWeights, geometryOf, noteConv } from './conv-layer.ts';

export interface NormLayerOptions {
  readonly residual?: Value | undefined;
  readonly activation?: 'Relu' | undefined;
  readonly epsilon?: number;
  /** Starting value of the scale γ. 0 on the last norm of a residual branch starts the block as the identity. */
  readonly gamma?: number;
}

/**
 * Whether the norm keeps its statistics while the rest trains: where its scale is frozen, or its moving mean is (then γ and
 * β may still train). It then is the affine map it will be in inference and emits no update.
 */
function keepsStatistics(net: Net, name: string): boolean {
  return net.isFrozen(`${name}.weight`) || net.isFrozen(`${name}.running_mean`);
}

/** `centred`: x was measured after subtracting the moving mean, channel by channel. */
function norm(net: Net, name: string, x: Value, options: NormLayerOptions, moving: { mean: Value; centred: boolean }): Value {
  const C = x.shape[1]!;
  const epsilon = options.epsilon ?? 1e-5;
  const gamma = net.weight(`${name}.weight`, [C], constantOf(options.gamma ?? 1));
  const beta = net.weight(`${name}.bias`, [C], constantOf(0));
  const variance = net.weight(`${name}.running_var`, [C], constantOf(1), { kind: 'moving' });
  net.layer(name, 'batch-norm', x.shape, 4 * C);
  const fused = { epsilon, residual: options.residual, activation: options.activation };
  if (!net.training) {
    // Weights that are fed can be folded into no convolution: the pass that keeps the blocked layout is the cheaper one then.
    if (!net.build.weights && x.graph.kernels.block > 0) return batchNormFrozen(x, gamma, beta, moving.mean, variance, fused);
    let y = batchNormInference(x, gamma, beta, moving.mean, variance, epsilon);
    if (options.residual) y = x.graph.emit('Add', [y, options.residual], y.shape);
    return options.activation ? relu(y) : y;
  }
  if (keepsStatistics(net, name)) return batchNormFrozen(x, gamma, beta, moving.mean, variance, fused);
  const result = batchNorm(x, gamma, beta, fused);
  const count = x.shape[0]! * x.shape[2]! * x.shape[3]!;
  net.build.updates.push(
    { weight: net.name(`${name}.running_mean`), batchValue: result.mean, factor: 1, centred: moving.centred },
    { weight: net.name(`${name}.running_var`), batchValue: result.variance, factor: count / Math.max(1, count - 1), centred: false },
  );
  return result.y;
}

function movingMean(net: Net, name: string, C: number): Value {
  return net.weight(`${name}.running_mean`, [C], constantOf(0), { kind: 'moving' });
}

/** Batch norm with moving statistics; optionally adds a residual and applies ReLU in the same pass. */
export function normLayer(net: Net, name: string, x: Value, options: NormLayerOptions = {}): Value {
  return norm(net, name, x, options, { mean: movingMean(net, name, x.shape[1]!), centred: false });
}

/**
 * Convolution without bias, then batch norm. While training, the moving mean is subtracted in the convolution's own
 * bias: free of cost, invisible to the norm, and it keeps E[x²] − E[x]² accurate.
 */
export function convNorm(net: Net, convName: string, normName: string, x: Value, options: Omit<ConvLayerOptions, 'bias'> & NormLayerOptions): Value {
  const w = convWeights(net, convName, x, options);
  const mean = movingMean(net, normName, options.channels);
  const centred = net.training && !keepsStatistics(net, normName);
  const bias = centred ? x.graph.untaped(() => neg(mean)) : undefined;
  const y = conv(x, w, { ...geometryOf(options), bias });
  noteConv(net, convName, y, w, false);
  return norm(net, normName, y, options, { mean, centred });
}

/** Batch norm of a dense layer's output, x [N,D]. */
export function denseNormLayer(net: Net, name: string, x: Value): Value {
  const y = normLayer(net, name, unsqueeze(x, [2, 3]));
  return flatten(y);
}

/** Layer norm over the last axis with scale and shift: x [...,D], as tokens [N,T,D]. */
export function layerNormLayer(net: Net, name: string, x: Value, epsilon = 1e-5): Value {
  const D = x.shape.at(-1)!;
  const y = layerNorm(x, net.weight(`${name}.weight`, [D], constantOf(1)), net.weight(`${name}.bias`, [D], constantOf(0)), epsilon);
  net.layer(name, 'layer-norm', y.shape, 2 * D);
  return y;
}
