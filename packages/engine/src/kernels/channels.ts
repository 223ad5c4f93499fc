/** Per-channel sums and affine maps in either layout: what batch norm, SE gates and biases are made of. Not differentiable. */
import { commonLayout, type Graph, type Value } from '../graph.ts';
import { blockedConv } from './blocked.ts';

const pointwise = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] } as const;

function axes(graph: Graph, list: readonly number[]): Value {
  return graph.constant(list, [list.length], 'int64');
}

/** Σ over H and W of x [N,C,H,W] → [N,C]. */
export function spatialSum(x: Value): Value {
  const { graph } = x;
  const [N, C] = x.shape as [number, number];
  if (commonLayout([x]) === 'plain') return graph.emit('ReduceSum', [x, axes(graph, [2, 3])], [N, C], { attributes: { keepdims: 0 } });
  const rows = blockedRows(x);
  const sums = graph.emit('ReduceSum', [rows, axes(graph, [1])], [(N * C) / graph.kernels.block, graph.kernels.block], { attributes: { keepdims: 0 } });
  return graph.emit('Reshape', [sums, graph.constant([N, C], [2], 'int64')], [N, C]);
}

/** A blocked tensor seen as [N·C/b, H·W, b]: a reduction over the middle axis leaves channels in order. */
function blockedRows(x: Value): Value {
  const { graph } = x;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const b = graph.kernels.block;
  const shape = [(N * C) / b, H * W, b];
  return graph.emit('Reshape', [graph.nameIn(x, 'blocked'), graph.constant(shape, [3], 'int64').names.plain!], shape);
}

/** Σ x over N, H, W → [C]. */
export function channelSum(x: Value): Value {
  const { graph } = x;
  const C = x.shape[1]!;
  if (commonLayout([x]) === 'plain') return graph.emit('ReduceSum', [x, axes(graph, [0, 2, 3])], [C], { attributes: { keepdims: 0 } });
  return graph.emit('ReduceSum', [spatialSum(x), axes(graph, [0])], [C], { attributes: { keepdims: 0 } });
}

/** Σ x² over N, H, W → [C]. */
export function channelSumSquare(x: Value): Value {
  const { graph } = x;
  const [N, C] = x.shape as [number, number];
  let squares: Value;
  if (commonLayout([x]) === 'plain') {
    squares = graph.emit('ReduceSumSquare', [x, axes(graph, [2, 3])], [N, C], { attributes: { keepdims: 0 } });
  } else {
    const b = graph.kernels.block;
    const sums = graph.emit('ReduceSumSquare', [blockedRows(x), axes(graph, [1])], [(N * C) / b, b], { attributes: { keepdims: 0 } });
    squares = graph.emit('Reshape', [sums, graph.constant([N, C], [2], 'int64')], [N, C]);
  }
  return graph.emit('ReduceSum', [squares, axes(graph, [0])], [C], { attributes: { keepdims: 0 } });
}

export interface AffineOptions {
  /** Added after the affine map, before the activation. Same shape as x. */
  readonly sum?: Value | undefined;
  readonly activation?: 'Relu' | undefined;
}

/** a·x + b with a, b [C]; optionally + sum, then ReLU. One pass in blocked layout (a depthwise 1×1 convolution). */
export function channelAffine(x: Value, a: Value, b: Value, options: AffineOptions = {}): Value {
  const { graph } = x;
  const C = x.shape[1]!;
  const all = options.sum ? [x, options.sum] : [x];
  if (commonLayout(all) === 'blocked') {
    const weights = graph.emit('Reshape', [a, graph.constant([C, 1, 1, 1], [4], 'int64')], [C, 1, 1, 1]);
    return blockedConv(graph, graph.nameIn(x, 'blocked'), weights.names.plain!, [1, 1], x.shape, { ...pointwise, group: C, bias: b, ...options });
  }
  const zeros = graph.constant(new Array(C).fill(0), [C]);
  const ones = graph.constant(new Array(C).fill(1), [C]);
  // The inference form of BatchNormalization with mean 0 and variance 1 is ONNX's fused per-channel affine map.
  let y = graph.emit('BatchNormalization', [x, a, b, zeros, ones], x.shape, { attributes: { epsilon: { float: 0 } } });
  if (options.sum) y = graph.emit('Add', [y, options.sum], x.shape);
  if (options.activation) y = graph.emit(options.activation, [y], x.shape);
  return y;
}

/** 1 where x > 0, else 0, for x in blocked layout: a depthwise convolution with a steep clipped ramp, twice as fast as Sign. */
export function positiveMask(x: Value): Value {
  const { graph } = x;
  const C = x.shape[1]!;
  const steep = graph.constant(new Array(C).fill(1e30), [C, 1, 1, 1]).names.plain!;
  return blockedConv(graph, graph.nameIn(x, 'blocked'), steep, [1, 1], x.shape, { ...pointwise, group: C, activation: 'Clip', activationParams: [0, 1] });
}

/** a·x + b with a, b [N,C,1,1]: each sample has its own gate. */
export function sampleAffine(x: Value, a: Value, b?: Value): Value {
  const { graph } = x;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  if (commonLayout([x]) === 'blocked') {
    const flat = (v: Value, shape: readonly number[]): Value => graph.emit('Reshape', [v, graph.constant(shape, [shape.length], 'int64')], shape);
    const folded = graph.emit('Reshape', [graph.nameIn(x, 'blocked'), graph.constant([1, N * C, H, W], [4], 'int64').names.plain!], [1, N * C, H, W]);
    const y = blockedConv(graph, folded.names.plain!, flat(a, [N * C, 1, 1, 1]).names.plain!, [1, 1], [1, N * C, H, W], {
      ...pointwise,
      group: N * C,
      bias: b ? flat(b, [N * C]) : undefined,
    });
    return graph.emit('Reshape', [y.names.blocked!, graph.constant(x.shape, [4], 'int64').names.plain!], x.shape, { layout: 'blocked' });
  }
  const y = graph.emit('Mul', [x, a], x.shape);
  return b ? graph.emit('Add', [y, b], x.shape) : y;
}
