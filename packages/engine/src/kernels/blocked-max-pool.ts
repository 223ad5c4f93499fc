/**
 * Max-pooling of windows that lie side by side, in blocked layout, without indices: ONNX Runtime's MaxPool with indices and
 * MaxUnpool are plain-layout loops of one value at a time. Not differentiable: `ops/pooling.ts` states the gradient with these.
 */
import { canBlock, type Value } from '../graph.ts';
import { blockedConv } from './blocked.ts';
import { blockedDomain } from './kernels.ts';

/** A power of two, so that products with it are exact; equal to within one part in 2²⁴ only where the values are below 10⁻¹². */
const steep = 2 ** 64;

/** Windows of `size` that tile x exactly, x in blocked layout. */
export function fitsBlockedMaxPool(x: Value, size: number, stride: number, padding: number): boolean {
  const [, , H, W] = x.shape as [number, number, number, number];
  return canBlock(x) && x.names.blocked !== undefined && size > 1 && stride === size && padding === 0 && H % size === 0 && W % size === 0;
}

/** Maximum of each size×size window: x [N,C,H,W] → [N,C,H/size,W/size]. */
export function blockedMaxPool(x: Value, size: number): Value {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  return x.graph.emit('MaxPool', [x], [N, C, H / size, W / size], {
    attributes: { kernel_shape: [size, size], strides: [size, size], pads: [0, 0, 0, 0] },
    domain: blockedDomain,
    layout: 'blocked',
  });
}

/** Each value `size` times along H and W. */
function repeat(v: Value, size: number): Value {
  const [N, C, H, W] = v.shape as [number, number, number, number];
  return v.graph.emit('Upsample', [v], [N, C, H * size, W * size], {
    attributes: { scales: [1, 1, size, size] },
    domain: blockedDomain,
    layout: 'blocked',
  });
}

/** `op` of two blocked values of one shape, or of one and a scalar. */
function each(op: string, a: Value, b: Value | number): Value {
  const { graph } = a;
  const other = typeof b === 'number' ? graph.constant(b).names.plain! : graph.nameIn(b, 'blocked');
  return graph.emit(op, [graph.nameIn(a, 'blocked'), other], a.shape, { layout: 'blocked' });
}

/**
 * Gradient of y = blockedMaxPool(x): dy where x equals the maximum of its window, in equal shares where several do.
 * Which positions those are is one depthwise convolution: clip(steep·(x − y) + 1).
 */
export function blockedMaxPoolGradient(dy: Value, x: Value, y: Value, size: number): Value {
  const { graph } = x;
  const C = x.shape[1]!;
  const weights = graph.constant(new Array(C).fill(steep), [C, 1, 1, 1]).names.plain!;
  const kept = blockedConv(graph, graph.nameIn(x, 'blocked'), weights, [1, 1], x.shape, {
    stride: [1, 1],
    dilation: [1, 1],
    padding: [0, 0, 0, 0],
    group: C,
    sum: repeat(each('Mul', y, -steep), size),
    activation: 'HardSigmoid',
    activationParams: [1, 1],
  });
  const share = graph.emit('AveragePool', [kept], y.shape, {
    attributes: { kernel_shape: [size, size], strides: [size, size], pads: [0, 0, 0, 0] },
    domain: blockedDomain,
    layout: 'blocked',
  });
  return each('Mul', kept, repeat(each('Div', each('Mul', dy, 1 / (size * size)), share), size));
}
