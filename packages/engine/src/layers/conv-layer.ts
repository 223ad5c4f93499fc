/** Convolution with weights and, where no batch norm follows, a bias. */
import type { Value } from '../graph.ts';
import { constantOf, heNormal, type Initializer } from '../initializers.ts';
import type { Net } from '../network.ts';
import { type ConvOptions, conv } from '../ops/conv.ts';

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

export function convWeights(net: Net, name: string, x: Value, options: ConvLayerOptions): Value {
  const k = options.kernel ?? 3;
  const [kh, kw] = typeof k === 'number' ? [k, k] : k;
  return net.weight(`${name}.weight`, [options.channels, x.shape[1]! / (options.groups ?? 1), kh, kw], options.initializer ?? heNormal, { decay: true });
}

export function geometryOf({ stride, dilation, groups, padding }: ConvLayerOptions): ConvOptions {
  return { stride: stride ?? 1, dilation: dilation ?? 1, groups: groups ?? 1, ...(padding === undefined ? {} : { padding }) };
}

export function noteConv(net: Net, name: string, y: Value, w: Value, bias: boolean): void {
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
