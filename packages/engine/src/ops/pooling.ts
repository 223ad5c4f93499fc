/** MaxPool, AveragePool and GlobalAveragePool. */
import { type Shape, sizeOf } from '@mien/onnx';
import { commonLayout, describe, Value } from '../graph.ts';
import { blockedConvDx, type ConvGeometry, fitsBlockedDx } from '../kernels/blocked.ts';
import { spatialSum } from '../kernels/channels.ts';
import { blockedMaxPool, blockedMaxPoolGradient, fitsBlockedMaxPool } from '../kernels/blocked-max-pool.ts';
import { blockedDomain } from '../kernels/kernels.ts';
import { portableMaxPoolGradient } from '../kernels/portable.ts';
import { reluGradient } from './activation.ts';
import { mul, scale } from './arithmetic.ts';
import { convOutputSize, standardDx } from './conv.ts';
import { matMul } from './matmul.ts';
import { expand, reshape, transpose } from './shape.ts';

export interface PoolOptions {
  /** Default: the size of the window, so that windows do not overlap. */
  readonly stride?: number;
  /** Border on every side that no maximum is taken from. Default 0. */
  readonly padding?: number;
}

/**
 * Maximum of each size×size window; rows and columns left over are dropped. The gradient goes to the first maximum (in
 * blocked layout equal maxima share it), and adds up where windows overlap. Throws, naming both, when the window does not fit.
 */
export function maxPool(x: Value, size = 2, options: PoolOptions = {}): Value {
  const { graph } = x;
  const { stride = size, padding = 0 } = options;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const shape = [N, C, convOutputSize(H, size, stride, 1, 2 * padding), convOutputSize(W, size, stride, 1, 2 * padding)];
  if (x.shape.length !== 4 || shape.some((dim) => dim < 1) || 2 * padding > size) {
    throw new Error(`MaxPool: a ${size}×${size} window${padding ? ` with padding ${padding}` : ''} does not fit x ${describe(x.shape)}`);
  }
  const attributes = { kernel_shape: [size, size], strides: [stride, stride], pads: [padding, padding, padding, padding] };
  if (!(graph.recording && x.requiresGrad)) return graph.emit('MaxPool', [x], shape, { attributes });
  if (graph.kernels.portable) {
    const y = graph.emit('MaxPool', [x], shape, { attributes });
    return graph.record([x], y, (dy) => [portableMaxPoolGradient(dy, x, y, { size, stride, padding })]);
  }
  if (fitsBlockedMaxPool(x, size, stride, padding)) {
    const y = blockedMaxPool(x, size);
    // max(ReLU(z)) does not change where z ≤ 0: ReLU's mask can be taken on the smaller map.
    const z = x.rectified;
    if (z) return graph.record([z], y, (dy) => [blockedMaxPoolGradient(reluGradient(dy, y), x, y, size)]);
    return graph.record([x], y, (dy) => [blockedMaxPoolGradient(dy, x, y, size)]);
  }
  const outputs = [
    { shape, dtype: 'float32' as const },
    { shape, dtype: 'int64' as const },
  ];
  const [y, indices] = graph.emitMany('MaxPool', [x], outputs, { attributes }) as [Value, Value];
  const apart = stride >= size && padding === 0;
  return graph.record([x], y, (dy) => {
    if (apart) return [graph.emit('MaxUnpool', [dy, indices, graph.constant(x.shape, [4], 'int64')], x.shape, { attributes })];
    const flat = (v: Value): Value => graph.emit('Reshape', [v, graph.constant([-1], [1], 'int64')], [sizeOf(v.shape)], { dtype: v.dtype });
    const zeros = graph.emit('ConstantOfShape', [graph.constant([sizeOf(x.shape)], [1], 'int64')], [sizeOf(x.shape)]);
    const summed = graph.emit('ScatterElements', [zeros, flat(indices), flat(dy)], [sizeOf(x.shape)], { attributes: { axis: 0, reduction: 'add' } });
    return [graph.emit('Reshape', [summed, graph.constant(x.shape, [4], 'int64')], x.shape)];
  });
}

export interface AveragePoolOptions {
  /** Default: the size of the window, so that windows do not overlap. */
  readonly stride?: number | readonly [number, number];
  /** Border of zeros on every side. Default 0. */
  readonly padding?: number;
  /** Whether zeros of the border count in the mean, as torchvision's InceptionV3 has it and Keras' has not. Default true. */
  readonly countPad?: boolean;
}

const pair = (value: number | readonly [number, number]): readonly [number, number] => (typeof value === 'number' ? [value, value] : value);

/** Along one axis, how many positions of x each of `out` windows sees. */
function windowCounts(size: number, window: number, stride: number, padding: number, out: number): number[] {
  return Array.from({ length: out }, (_, i) => Math.min(size, i * stride - padding + window) - Math.max(0, i * stride - padding));
}

/**
 * Mean of each window, `size` for a square one or [height, width]; rows and columns left over are dropped.
 * x [N,C,H,W] → [N,C,H',W']. Throws, naming both, when the window does not fit.
 */
export function averagePool(x: Value, size: number | readonly [number, number] = 2, options: AveragePoolOptions = {}): Value {
  const { graph } = x;
  const window = pair(size);
  const stride = pair(options.stride ?? window);
  const { padding = 0, countPad = true } = options;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const Ho = convOutputSize(H, window[0], stride[0], 1, 2 * padding);
  const Wo = convOutputSize(W, window[1], stride[1], 1, 2 * padding);
  if (x.shape.length !== 4 || Ho < 1 || Wo < 1 || padding >= Math.min(...window)) {
    throw new Error(`AveragePool: a ${window.join('×')} window${padding ? ` with padding ${padding}` : ''} does not fit x ${describe(x.shape)}`);
  }
  const shape = [N, C, Ho, Wo] as const;
  const geometry: ConvGeometry = { stride, dilation: [1, 1], padding: [padding, padding, padding, padding] };
  const y = meanOfWindows(x, window, geometry, shape, countPad);
  return graph.record([x], y, (dy) => {
    if (padding === 0 && stride[0] === window[0] && stride[1] === window[1] && Ho * window[0] === H && Wo * window[1] === W) {
      const spread = expand(reshape(scale(dy, 1 / (window[0] * window[1])), [N, C, Ho, 1, Wo, 1]), [N, C, Ho, window[0], Wo, window[1]]);
      return [reshape(spread, x.shape)];
    }
    if (countPad || padding === 0) return [spreadWindows(dy, x, window, geometry)];
    const rows = windowCounts(H, window[0], stride[0], padding, Ho);
    const columns = windowCounts(W, window[1], stride[1], padding, Wo);
    const shares = rows.flatMap((r) => columns.map((c) => (window[0] * window[1]) / (r * c)));
    return [spreadWindows(mul(dy, graph.constant(shares, [1, 1, Ho, Wo])), x, window, geometry)];
  });
}

/** The AveragePool node itself, in the layout x is in. */
function meanOfWindows(x: Value, window: readonly [number, number], { stride, padding }: ConvGeometry, shape: Shape, countPad: boolean): Value {
  const layout = commonLayout([x]);
  return x.graph.emit('AveragePool', [x], shape, {
    attributes: { kernel_shape: window, strides: stride, pads: padding, count_include_pad: countPad ? 1 : 0 },
    layout,
    ...(layout === 'blocked' ? { domain: blockedDomain } : {}),
  });
}

/** The transpose of a mean over windows, border zeros counted: each dy in equal shares to all positions of its window. */
function spreadWindows(dy: Value, x: Value, window: readonly [number, number], geometry: ConvGeometry): Value {
  const { stride, padding } = geometry;
  // At stride 1 a box filter is its own transpose.
  if (stride[0] === 1 && stride[1] === 1) {
    const [v, h] = [window[0] - 1 - padding[0], window[1] - 1 - padding[1]];
    return meanOfWindows(dy, window, { ...geometry, padding: [v, h, v, h] }, x.shape, true);
  }
  const C = x.shape[1]!;
  const share = 1 / (window[0] * window[1]);
  const filters = x.graph.constant(new Array(C * window[0] * window[1]).fill(share), [C, 1, ...window]);
  return commonLayout([x]) === 'blocked' && fitsBlockedDx(filters.shape, x.shape, dy.shape, geometry)
    ? blockedConvDx(dy, filters, x.shape, geometry, true)
    : standardDx(dy, filters, x.shape, geometry, C);
}

/**
 * Means over a grid of `size` [height, width] cells, as even as the map allows (PyTorch's AdaptiveAvgPool2d): cell i covers
 * ⌊i·H/h⌋ … ⌈(i+1)·H/h⌉ − 1. x [N,C,H,W] → [N,C,h,w]; x itself where it has that size.
 */
export function adaptiveAveragePool(x: Value, size: readonly [number, number]): Value {
  const [, , H, W] = x.shape as [number, number, number, number];
  const [h, w] = size;
  if (x.shape.length !== 4 || h < 1 || w < 1) throw new Error(`adaptiveAveragePool: cannot lay a grid of ${h}×${w} cells over x ${describe(x.shape)}`);
  if (h === H && w === W) return x;
  if (H % h === 0 && W % w === 0) return averagePool(x, [H / h, W / w]);
  const means = (cells: number, length: number): number[] =>
    Array.from({ length: cells * length }, (_, at) => {
      const [cell, position] = [Math.floor(at / length), at % length];
      const [start, end] = [Math.floor((cell * length) / cells), Math.ceil(((cell + 1) * length) / cells)];
      return position >= start && position < end ? 1 / (end - start) : 0;
    });
  const columns = transpose(x.graph.constant(means(w, W), [w, W]), [1, 0]);
  return matMul(x.graph.constant(means(h, H), [h, H]), matMul(x, columns));
}

/** Mean over H and W: x [N,C,H,W] → [N,C,1,1]. */
export function globalAveragePool(x: Value): Value {
  const { graph } = x;
  if (x.shape.length !== 4) throw new Error(`GlobalAveragePool: expected x [N,C,H,W], got ${describe(x.shape)}`);
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const sums = (graph.recording && x.requiresGrad) || commonLayout([x]) === 'blocked';
  const y = sums ? reshape(scale(spatialSum(x), 1 / (H * W)), [N, C, 1, 1]) : graph.emit('GlobalAveragePool', [x], [N, C, 1, 1]);
  return graph.record([x], y, (dy) => {
    const dx = new Value(graph, x.shape, 'float32', {});
    dx.repeats = scale(dy, 1 / (H * W));
    return [dx];
  });
}
