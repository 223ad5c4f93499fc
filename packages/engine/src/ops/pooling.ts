/** MaxPool, AveragePool and GlobalAveragePool. */
import { sizeOf } from '@mien/onnx';
import { commonLayout, describe, Value } from '../graph.ts';
import { spatialSum } from '../kernels/channels.ts';
import { blockedDomain } from '../kernels/kernels.ts';
import { scale } from './arithmetic.ts';
import { convOutputSize } from './conv.ts';
import { expand, reshape } from './shape.ts';

function pooledShape(op: string, x: Value, size: number): [number, number, number, number] {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  if (x.shape.length !== 4 || H < size || W < size) throw new Error(`${op}: a ${size}×${size} window does not fit x ${describe(x.shape)}`);
  return [N, C, Math.floor(H / size), Math.floor(W / size)];
}

export interface PoolOptions {
  /** Default: the size of the window, so that windows do not overlap. */
  readonly stride?: number;
  /** Border on every side that no maximum is taken from. Default 0. */
  readonly padding?: number;
}

/**
 * Maximum of each size×size window; rows and columns left over are dropped. The gradient goes to the first maximum, and
 * adds up where windows overlap. Throws, naming both, when the window does not fit.
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

/** Mean of each size×size window, windows not overlapping. H and W must be divisible by size. */
export function averagePool(x: Value, size = 2): Value {
  const { graph } = x;
  const [N, C, Ho, Wo] = pooledShape('AveragePool', x, size);
  if (Ho * size !== x.shape[2] || Wo * size !== x.shape[3]) throw new Error(`AveragePool: H and W of x ${describe(x.shape)} must be divisible by ${size}`);
  const layout = commonLayout([x]);
  const attributes = { kernel_shape: [size, size], strides: [size, size], ...(layout === 'blocked' ? { pads: [0, 0, 0, 0] } : {}) };
  const y = graph.emit('AveragePool', [x], [N, C, Ho, Wo], { attributes, layout, ...(layout === 'blocked' ? { domain: blockedDomain } : {}) });
  return graph.record([x], y, (dy) => {
    const spread = expand(reshape(scale(dy, 1 / (size * size)), [N, C, Ho, 1, Wo, 1]), [N, C, Ho, size, Wo, size]);
    return [reshape(spread, x.shape)];
  });
}

/** Mean over H and W: x [N,C,H,W] → [N,C,1,1]. */
export function globalAveragePool(x: Value): Value {
  const { graph } = x;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const y = graph.recording && x.requiresGrad ? reshape(scale(spatialSum(x), 1 / (H * W)), [N, C, 1, 1]) : graph.emit('GlobalAveragePool', [x], [N, C, 1, 1]);
  return graph.record([x], y, (dy) => {
    const dx = new Value(graph, x.shape, 'float32', {});
    dx.repeats = scale(dy, 1 / (H * W));
    return [dx];
  });
}
