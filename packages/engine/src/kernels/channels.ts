/** Per-channel sums and affine maps in either layout: what batch norm, SE gates and biases are made of. Not differentiable. */
import { commonLayout, type Graph, type Value } from '../graph.ts';
import { blockedConv, reshapeRaw } from './blocked.ts';
import { blockedDomain } from './kernels.ts';

const pointwise = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] } as const;

/** Positions up to which a blocked mean beats a reduction: 1.4 to 4.7 times as fast on maps of 3×3 to 16×16, slower at 22×22. */
const largestPooledMap = 300;

/**
 * Products that one filter may add up. It adds one after another, and a sum in so long a chain loses digits: over 112×112
 * positions Σx² was off by 6e-7 of itself, in strips of this length by 7e-8.
 */
const longestChain = 1024;

function axes(graph: Graph, list: readonly number[]): Value {
  return graph.constant(list, [list.length], 'int64');
}

/** Σ over H and W of x [N,C,H,W] → [N,C]. */
export function spatialSum(x: Value): Value {
  const { graph } = x;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  if (commonLayout([x]) === 'plain') return graph.emit('ReduceSum', [x, axes(graph, [2, 3])], [N, C], { attributes: { keepdims: 0 } });
  const columns = H * W > largestPooledMap ? columnMeans(x) : x;
  const means = graph.emit('GlobalAveragePool', [columns], [N, C, 1, 1], { domain: blockedDomain, layout: 'blocked' });
  return graph.emit('Mul', [reshapeRaw(graph, means.names.blocked!, [N, C]), graph.constant(H * W)], [N, C]);
}

/** Means over H of blocked x [N,C,H,W] → [N,C,1,W]: several columns at a time, where one mean over the map is one long chain. */
function columnMeans(x: Value): Value {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  return x.graph.emit('AveragePool', [x], [N, C, 1, W], {
    attributes: { kernel_shape: [H, 1], strides: [1, 1], pads: [0, 0, 0, 0] },
    domain: blockedDomain,
    layout: 'blocked',
  });
}

/** Σ over the middle axis of a blocked tensor seen as [N·C/b, count, b], which leaves channels in order → [N,C]. */
function sumOfRows(graph: Graph, name: string, count: number, [N, C]: readonly [number, number]): Value {
  const b = graph.kernels.block;
  const rows = reshapeRaw(graph, name, [(N * C) / b, count, b]);
  const sums = graph.emit('ReduceSum', [rows, axes(graph, [1])], [(N * C) / b, b], { attributes: { keepdims: 0 } });
  return graph.emit('Reshape', [sums, axes(graph, [N, C])], [N, C]);
}

/** Rows of an H×W map to a strip: the most that divide H and stay within the longest chain, at least one. */
function rowsOfStrip(H: number, W: number): number {
  let rows = H;
  while (rows > 1 && (H % rows !== 0 || rows * W > longestChain)) rows--;
  return rows;
}

/**
 * Σ over H and W of x·z, both [N,C,H,W] → [N,C]. In blocked layout a depthwise convolution whose filters are z: every
 * strip of every sample is a channel of its own, and no product is written out.
 */
export function spatialDot(x: Value, z: Value): Value {
  const { graph } = x;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  if (commonLayout([x, z]) === 'plain') {
    return graph.emit('ReduceSum', [graph.emit('Mul', [x, z], x.shape), axes(graph, [2, 3])], [N, C], { attributes: { keepdims: 0 } });
  }
  const rows = rowsOfStrip(H, W);
  const strips = H / rows;
  const channels = N * C * strips;
  const source = reshapeRaw(graph, graph.nameIn(x, 'blocked'), [1, channels, rows, W]);
  const filters = reshapeRaw(graph, graph.nameIn(z, 'blocked'), [channels, 1, rows, W]);
  const dots = blockedConv(graph, source, filters, [rows, W], [1, channels, 1, 1], { ...pointwise, group: channels }).names.blocked!;
  return strips > 1 ? sumOfRows(graph, dots, strips, [N, C]) : graph.emit('Reshape', [dots, axes(graph, [N, C])], [N, C]);
}

/** Σ x over N, H, W → [C]. */
export function channelSum(x: Value): Value {
  const { graph } = x;
  const C = x.shape[1]!;
  if (commonLayout([x]) === 'plain') return graph.emit('ReduceSum', [x, axes(graph, [0, 2, 3])], [C], { attributes: { keepdims: 0 } });
  return graph.emit('ReduceSum', [spatialSum(x), axes(graph, [0])], [C], { attributes: { keepdims: 0 } });
}

/** Σ x·z over N, H, W → [C]. */
export function channelDot(x: Value, z: Value): Value {
  const { graph } = x;
  return graph.emit('ReduceSum', [spatialDot(x, z), axes(graph, [0])], [x.shape[1]!], { attributes: { keepdims: 0 } });
}

/** Σ x² over N, H, W → [C]. */
export function channelSumSquare(x: Value): Value {
  if (commonLayout([x]) === 'blocked') return channelDot(x, x);
  const { graph } = x;
  const [N, C] = x.shape as [number, number];
  const squares = graph.emit('ReduceSumSquare', [x, axes(graph, [2, 3])], [N, C], { attributes: { keepdims: 0 } });
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
