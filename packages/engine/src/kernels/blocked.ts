/**
 * Blocked forms of the heavy ops, on ONNX Runtime's internal `com.microsoft.nchwc` domain.
 *
 * A wrong weight layout gives no error, only wrong numbers: every function here is tested against the standard path,
 * and `probeKernels` repeats a small such test at start-up.
 */
import type { Shape } from '@mien/onnx';
import type { Graph, Parameter, Value } from '../graph.ts';
import { blockedDomain } from './kernels.ts';

export interface ConvGeometry {
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Zeros added [top, left, bottom, right]; negative crops. */
  readonly padding: readonly [number, number, number, number];
}

export interface BlockedConvOptions extends ConvGeometry {
  readonly group?: number;
  readonly bias?: Value | undefined;
  /** Added to the result before the activation, in the same pass. */
  readonly sum?: Value | undefined;
  readonly activation?: 'Relu' | undefined;
}

/** One blocked convolution. `x` and `weights` are tensor names already in the layout the kernel reads. */
export function blockedConv(graph: Graph, x: string, weights: string, kernel: readonly [number, number], shape: Shape, options: BlockedConvOptions): Value {
  const inputs = [x, weights];
  if (options.bias) inputs.push(graph.nameIn(options.bias, 'plain'));
  else if (options.sum) inputs.push('');
  if (options.sum) inputs.push(graph.nameIn(options.sum, 'blocked'));
  return graph.emit('Conv', inputs, shape, {
    domain: blockedDomain,
    layout: 'blocked',
    attributes: {
      kernel_shape: kernel,
      strides: options.stride,
      dilations: options.dilation,
      pads: options.padding,
      group: options.group ?? 1,
      ...(options.activation ? { activation: options.activation } : {}),
    },
  });
}

function reshapeRaw(graph: Graph, name: string, shape: Shape): string {
  return graph.emit('Reshape', [name, graph.constant(shape, [shape.length], 'int64')], shape).names.plain!;
}

function transposeRaw(graph: Graph, name: string, shape: Shape, perm: readonly number[]): string {
  return graph.emit('Transpose', [reshapeRaw(graph, name, shape), ], perm.map((axis) => shape[axis]!), { attributes: { perm } }).names.plain!;
}

/** The parameter a value stands for, if it is one. */
export function parameterOf(value: Value): Parameter | undefined {
  const name = value.names.plain;
  return name === undefined ? undefined : value.graph.parameters.get(name);
}

/** The name of convolution weights in blocked order. Asks the feeder of a parameter to store it so. */
export function blockedWeights(w: Value): string {
  const { graph } = w;
  const parameter = parameterOf(w);
  if (parameter) {
    parameter.storage = 'blocked';
    return parameter.name;
  }
  const b = graph.kernels.block;
  const [O, I, H, W] = w.shape as [number, number, number, number];
  const inner = I < b ? 1 : b;
  const perm = [0, 2, 4, 5, 3, 1];
  return reshapeRaw(graph, transposeRaw(graph, graph.nameIn(w, 'plain'), [O / b, b, I / inner, inner, H, W], perm), w.shape);
}

/** The name of convolution weights in OIHW order, also where a parameter is stored blocked. */
export function plainWeights(w: Value): string {
  const { graph } = w;
  const parameter = parameterOf(w);
  if (parameter?.storage !== 'blocked') return graph.nameIn(w, 'plain');
  const b = graph.kernels.block;
  const [O, I, H, W] = w.shape as [number, number, number, number];
  const inner = I < b ? 1 : b;
  return reshapeRaw(graph, transposeRaw(graph, parameter.name, [O / b, I / inner, H, W, inner, b], [0, 5, 1, 4, 2, 3]), w.shape);
}

/** A gradient in OIHW order, brought to the order its parameter is stored in. */
export function toWeightStorage(w: Value, dw: Value): Value {
  if (parameterOf(w)?.storage !== 'blocked') return dw;
  const { graph } = w;
  const b = graph.kernels.block;
  const [O, I, H, W] = w.shape as [number, number, number, number];
  const inner = I < b ? 1 : b;
  const perm = [0, 2, 4, 5, 3, 1];
  const name = transposeRaw(graph, graph.nameIn(dw, 'plain'), [O / b, b, I / inner, inner, H, W], perm);
  return graph.emit('Reshape', [name, graph.constant(w.shape, [4], 'int64')], w.shape);
}

/**
 * dX of a stride-1 convolution: dy convolved with the weights flipped in H and W, input and output channels swapped.
 * The b×b transposes inside the blocks ride on ReorderInput, which is vectorised where Transpose is not.
 */
export function blockedConvDx(dy: Value, w: Value, x: Shape, geometry: ConvGeometry): Value {
  const { graph } = w;
  const b = graph.kernels.block;
  const [O, I, kh, kw] = w.shape as [number, number, number, number];
  const taps = kh * kw;
  const blocks = (O / b) * (I / b) * taps;
  const rows = reshapeRaw(graph, blockedWeights(w), [blocks, b, 1, b]);
  const swapped = graph.emit('ReorderInput', [rows], [blocks, b, 1, b], { domain: blockedDomain }).names.plain!;
  let flipped = transposeRaw(graph, swapped, [O / b, I / b, taps, b * b], [1, 0, 2, 3]);
  if (taps > 1) {
    const reversed = graph.constant(Array.from({ length: taps }, (_, i) => taps - 1 - i), [taps], 'int64');
    flipped = graph.emit('Gather', [flipped, reversed], [I / b, O / b, taps, b * b], { attributes: { axis: 2 } }).names.plain!;
  }
  const [top, left, bottom, right] = geometry.padding;
  const [dh, dw] = geometry.dilation;
  const reach = [dh * (kh - 1), dw * (kw - 1)] as const;
  return blockedConv(graph, graph.nameIn(dy, 'blocked'), reshapeRaw(graph, flipped, [I, O, kh, kw]), [kh, kw], x, {
    stride: [1, 1],
    dilation: geometry.dilation,
    padding: [reach[0] - top, reach[1] - left, reach[0] - bottom, reach[1] - right],
  });
}

/**
 * dW as one convolution: x, seen as C images of N channels, convolved with dy as the kernel; stride and dilation trade
 * places. Result in the order `w` is stored in. Needs N and O divisible by the block.
 */
export function blockedConvDw(x: Value, dy: Value, w: Value, geometry: ConvGeometry): Value {
  const { graph } = w;
  const b = graph.kernels.block;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const [, O, Ho, Wo] = dy.shape as [number, number, number, number];
  const [, , kh, kw] = w.shape as [number, number, number, number];
  const [top, left] = geometry.padding;
  // Bottom and right padding such that exactly kh × kw positions remain; negative where the stride left pixels unused.
  const bottom = geometry.stride[0] * (Ho - 1) + geometry.dilation[0] * (kh - 1) + 1 - H - top;
  const right = geometry.stride[1] * (Wo - 1) + geometry.dilation[1] * (kw - 1) + 1 - W - left;
  const swapped = graph.emit('Transpose', [x], [C, N, H, W], { attributes: { perm: [1, 0, 2, 3] } });
  const blocked = graph.emit('ReorderInput', [swapped], [C, N, H, W], { domain: blockedDomain }).names.plain!;
  const five = reshapeRaw(graph, blocked, [C, N / b, H, W, b]);
  const Hp = H + top + bottom;
  const Wp = W + left + right;
  const padded = graph.emit('Pad', [five, graph.constant([0, 0, top, left, 0, 0, 0, bottom, right, 0], [10], 'int64')], [C, N / b, Hp, Wp, b]).names.plain!;
  const kernel = transposeRaw(graph, graph.nameIn(dy, 'blocked'), [N / b, b, O / b, Ho * Wo, b], [2, 0, 3, 1, 4]);
  const result = blockedConv(graph, reshapeRaw(graph, padded, [C, N, Hp, Wp]), reshapeRaw(graph, kernel, [O, N, Ho, Wo]), [Ho, Wo], [C, O, kh, kw], {
    stride: geometry.dilation,
    dilation: geometry.stride,
    padding: [0, 0, 0, 0],
  });
  if (parameterOf(w)?.storage !== 'blocked') {
    return graph.emit('Transpose', [result], w.shape, { attributes: { perm: [1, 0, 2, 3] } });
  }
  const inner = C < b ? 1 : b;
  const name = transposeRaw(graph, graph.nameIn(result, 'blocked'), [C / inner, inner, O / b, kh * kw, b], [2, 0, 3, 1, 4]);
  return graph.emit('Reshape', [name, graph.constant(w.shape, [4], 'int64')], w.shape);
}
