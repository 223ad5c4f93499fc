/**
 * Batch normalisation (Ioffe & Szegedy 2015): y = γ·(x − μ)/√(σ² + ε) + β per channel, with an optional residual sum and
 * ReLU in the same pass.
 *
 * ONNX's BatchNormalization(training_mode=1) returned a wrong Y on CPU in ONNX Runtime 1.30, so the statistics are
 * computed here. σ² is E[x²] − E[x]²; feed an input that is roughly centred (see `Net.convNorm`, which subtracts the
 * moving mean in the convolution's bias) and no digits are lost.
 */
import { describe, sameShape, type Value } from '../graph.ts';
import { channelAffine, channelDot, channelSum, channelSumSquare } from '../kernels/channels.ts';
import { add, div, mul, neg, scale, sub } from './arithmetic.ts';
import { reluGradient } from './activation.ts';

export interface BatchNormOptions {
  readonly epsilon?: number;
  /** Residual input added before the activation, same shape as x. */
  readonly residual?: Value | undefined;
  readonly activation?: 'Relu' | undefined;
}

export interface BatchNormResult {
  readonly y: Value;
  /** Batch mean and biased variance, [C]. */
  readonly mean: Value;
  readonly variance: Value;
}

function check(x: Value, gamma: Value, beta: Value, residual?: Value): number {
  if (!sameShape(gamma.shape, beta.shape))
    throw new Error(`BatchNormalization: scale ${describe(gamma.shape)} and bias ${describe(beta.shape)} must have the same shape`);
  if (residual && !sameShape(residual.shape, x.shape))
    throw new Error(`BatchNormalization: residual ${describe(residual.shape)} must have the shape of x ${describe(x.shape)}`);
  if (x.shape.length !== 4 || gamma.shape[0] !== x.shape[1]) {
    throw new Error(`BatchNormalization: x ${describe(x.shape)} has ${x.shape[1]} channels, scale ${describe(gamma.shape)}`);
  }
  return x.shape[0]! * x.shape[2]! * x.shape[3]!;
}

/** Training form: statistics of this batch, gradients through them. x [N,C,H,W]; γ, β [C]. */
export function batchNorm(x: Value, gamma: Value, beta: Value, options: BatchNormOptions = {}): BatchNormResult {
  const { graph } = x;
  const count = check(x, gamma, beta, options.residual);
  const { mean, variance, deviation, a, y } = graph.untaped(() => {
    const mean = scale(channelSum(x), 1 / count);
    const square = scale(channelSumSquare(x), 1 / count);
    const variance = graph.emit('Max', [sub(square, mul(mean, mean)), graph.constant(0)], mean.shape);
    const deviation = graph.emit('Sqrt', [add(variance, graph.constant(options.epsilon ?? 1e-5))], mean.shape);
    const a = div(gamma, deviation);
    const y = channelAffine(x, a, sub(beta, mul(a, mean)), { sum: options.residual, activation: options.activation });
    return { mean, variance, deviation, a, y };
  });
  const inputs = options.residual ? [x, gamma, beta, options.residual] : [x, gamma, beta];
  graph.record(inputs, y, (dy, needed) => {
    const dz = options.activation ? reluGradient(dy, y) : dy;
    const sum = channelSum(dz);
    const withX = channelDot(dz, x);
    const dGamma = div(sub(withX, mul(mean, sum)), deviation);
    let dx: Value | undefined;
    if (needed[0]) {
      // dx = a·(dz − Σdz/M − x̂·dγ/M), gathered into one map of dz and one of x.
      const ofX = neg(mul(div(a, deviation), scale(dGamma, 1 / count)));
      const offset = neg(add(mul(a, scale(sum, 1 / count)), mul(ofX, mean)));
      dx = channelAffine(dz, a, graph.constant(new Array(a.shape[0]!).fill(0)), { sum: channelAffine(x, ofX, offset) });
    }
    return [dx, needed[1] ? dGamma : undefined, needed[2] ? sum : undefined, needed[3] ? dz : undefined];
  });
  return { y, mean, variance };
}

/**
 * Frozen form, for fine-tuning: fixed statistics mean and variance [C], and so one affine map per channel, with gradients by
 * x, γ, β and the residual. What `batchNormInference` puts out, in the middle of a training graph.
 */
export function batchNormFrozen(x: Value, gamma: Value, beta: Value, mean: Value, variance: Value, options: BatchNormOptions = {}): Value {
  const { graph } = x;
  check(x, gamma, beta, options.residual);
  if (!sameShape(mean.shape, gamma.shape) || !sameShape(variance.shape, gamma.shape))
    throw new Error(
      `BatchNormalization: mean ${describe(mean.shape)} and variance ${describe(variance.shape)} must have the shape of scale ${describe(gamma.shape)}`,
    );
  const { deviation, a, y } = graph.untaped(() => {
    const deviation = graph.emit('Sqrt', [add(variance, graph.constant(options.epsilon ?? 1e-5))], variance.shape);
    const a = div(gamma, deviation);
    const y = channelAffine(x, a, sub(beta, mul(a, mean)), { sum: options.residual, activation: options.activation });
    return { deviation, a, y };
  });
  const inputs = options.residual ? [x, gamma, beta, options.residual] : [x, gamma, beta];
  return graph.record(inputs, y, (dy, needed) => {
    const dz = options.activation ? reluGradient(dy, y) : dy;
    const sum = needed[1] || needed[2] ? channelSum(dz) : undefined;
    return [
      needed[0] ? channelAffine(dz, a, graph.constant(new Array(a.shape[0]!).fill(0))) : undefined,
      needed[1] ? div(sub(channelDot(dz, x), mul(mean, sum!)), deviation) : undefined,
      needed[2] ? sum : undefined,
      needed[3] ? dz : undefined,
    ];
  });
}

/** Inference form, with moving statistics: the ONNX op itself, which ONNX Runtime folds into the convolution before it. */
export function batchNormInference(x: Value, gamma: Value, beta: Value, mean: Value, variance: Value, epsilon = 1e-5): Value {
  check(x, gamma, beta);
  return x.graph.emit('BatchNormalization', [x, gamma, beta, mean, variance], x.shape, { attributes: { epsilon: { float: epsilon } } });
}
