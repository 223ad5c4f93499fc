/** Layers: ops with weights. Each declares its weights in the given context and notes its row of the layer table. */
import type { Value } from './graph.ts';
import { constantOf, glorotUniform, heNormal, type Initializer } from './initializers.ts';
import type { Net } from './network.ts';
import { neg } from './ops/arithmetic.ts';
import { relu, sigmoid } from './ops/activation.ts';
import { type ConvOptions, conv } from './ops/conv.ts';
import { dense } from './ops/dense.ts';
import { dropout } from './ops/dropout.ts';
import { scaleChannels } from './ops/gate.ts';
import { batchNorm, batchNormInference } from './ops/normalization.ts';
import { globalAveragePool } from './ops/pooling.ts';
import { flatten, unsqueeze } from './ops/shape.ts';

export interface ConvLayerOptions {
  readonly channels: number;
  /** k for k×k, or [kh, kw]. Default 3. */
  readonly kernel?: number | readonly [number, number];
  readonly stride?: number;
  readonly dilation?: number;
  /** Default 1; as many as input channels: depthwise. */
  readonly groups?: number;
  readonly padding?: ConvOptions['padding'];
  readonly bias?: boolean;
  readonly initializer?: Initializer;
}

function convWeights(net: Net, name: string, x: Value, options: ConvLayerOptions): Value {
  const k = options.kernel ?? 3;
  const [kh, kw] = typeof k === 'number' ? [k, k] : k;
  return net.weight(`${name}.weight`, [options.channels, x.shape[1]! / (options.groups ?? 1), kh, kw], options.initializer ?? heNormal, { decay: true });
}

function geometryOf({ stride, dilation, groups, padding }: ConvLayerOptions): ConvOptions {
  return { stride: stride ?? 1, dilation: dilation ?? 1, groups: groups ?? 1, ...(padding === undefined ? {} : { padding }) };
}

function noteConv(net: Net, name: string, y: Value, w: Value, bias: boolean): void {
  const size = w.shape.reduce((a, b) => a * b, 1);
  net.layer(name, 'conv', y.shape, size + (bias ? w.shape[0]! : 0), size * y.shape[2]! * y.shape[3]!);
}

/** Convolution: x [N,C,H,W] → [N,channels,H',W']. */
export function convLayer(net: Net, name: string, x: Value, options: ConvLayerOptions): Value {
  const w = convWeights(net, name, x, options);
  const useBias = options.bias ?? true;
  const bias = useBias ? net.weight(`${name}.bias`, [options.channels], constantOf(0)) : undefined;
  const y = conv(x, w, { ...geometryOf(options), bias });
  noteConv(net, name, y, w, useBias);
  return y;
}

export interface NormLayerOptions {
  readonly residual?: Value | undefined;
  readonly activation?: 'Relu' | undefined;
  readonly epsilon?: number;
  /** Starting value of the scale γ. 0 on the last norm of a residual branch starts the block as the identity. */
  readonly gamma?: number;
}

/** `centre`: x was measured after subtracting it (the moving mean), channel by channel. */
function norm(net: Net, name: string, x: Value, options: NormLayerOptions, moving: { mean: Value; centred: boolean }): Value {
  const C = x.shape[1]!;
  const epsilon = options.epsilon ?? 1e-5;
  const gamma = net.weight(`${name}.weight`, [C], constantOf(options.gamma ?? 1));
  const beta = net.weight(`${name}.bias`, [C], constantOf(0));
  const variance = net.weight(`${name}.running_var`, [C], constantOf(1), { kind: 'moving' });
  net.layer(name, 'batch-norm', x.shape, 4 * C);
  if (!net.training) {
    let y = batchNormInference(x, gamma, beta, moving.mean, variance, epsilon);
    if (options.residual) y = x.graph.emit('Add', [y, options.residual], y.shape);
    return options.activation ? relu(y) : y;
  }
  const result = batchNorm(x, gamma, beta, { epsilon, residual: options.residual, activation: options.activation });
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
  const bias = net.training ? x.graph.untaped(() => neg(mean)) : undefined;
  const y = conv(x, w, { ...geometryOf(options), bias });
  noteConv(net, convName, y, w, false);
  return norm(net, normName, y, options, { mean, centred: true });
}

/** Fully connected: x [N,D] → [N,units]. */
export function denseLayer(net: Net, name: string, x: Value, units: number, options: { bias?: boolean; initializer?: Initializer } = {}): Value {
  const D = x.shape[1]!;
  const useBias = options.bias ?? true;
  const w = net.weight(`${name}.weight`, [units, D], options.initializer ?? glorotUniform, { decay: true });
  const b = useBias ? net.weight(`${name}.bias`, [units], constantOf(0)) : undefined;
  const y = dense(x, w, b);
  net.layer(name, 'dense', y.shape, units * D + (useBias ? units : 0), units * D);
  return y;
}

/** Batch norm of a dense layer's output, x [N,D]. */
export function denseNormLayer(net: Net, name: string, x: Value): Value {
  const y = normLayer(net, name, unsqueeze(x, [2, 3]));
  return flatten(y);
}

/** Dropout while training, the identity in inference. The rate is rounded to 1/256, so that a mask needs one random byte a value. */
export function dropoutLayer(net: Net, name: string, x: Value, rate: number): Value {
  net.layer(name, 'dropout', x.shape, 0);
  const rounded = Math.round(rate * 256) / 256;
  if (!net.training || rounded === 0) return x;
  const mask = net.graph.input(net.name(`${name}.mask`), x.shape, 'uint8');
  net.build.masks.push({ name: net.name(`${name}.mask`), shape: x.shape, rate: rounded });
  return dropout(x, mask, rounded);
}

/** Squeeze-and-excitation (Hu et al. 2018, eq. 2–4): x · σ(W₂ relu(W₁ mean(x))), hidden width `hidden`, no biases unless asked. */
export function squeezeExcite(net: Net, name: string, x: Value, hidden: number, options: { bias?: boolean; activation?: (x: Value) => Value } = {}): Value {
  const C = x.shape[1]!;
  const inner = net.scope(name);
  const pooled = flatten(globalAveragePool(x));
  const squeezed = (options.activation ?? relu)(denseLayer(inner, 'fc1', pooled, hidden, { bias: options.bias ?? false, initializer: heNormal }));
  const gate = sigmoid(denseLayer(inner, 'fc2', squeezed, C, { bias: options.bias ?? false }));
  const y = scaleChannels(x, unsqueeze(gate, [2, 3]));
  net.layer(name, 'squeeze-excite', y.shape, 0);
  return y;
}
