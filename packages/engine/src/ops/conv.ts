/** Convolution (ONNX `Conv`), forward and gradients, on the blocked kernels where they fit, else on standard ops. */
import type { Shape } from '@mien/onnx';
import { canBlock, describe, type Value } from '../graph.ts';
import {
  blockedConv,
  blockedConvDw,
  blockedDepthwiseDw,
  blockedStemDw,
  blockedConvDx,
  blockedWeights,
  type ConvGeometry,
  fitsBlockedDx,
  fitsBlockedStemDw,
  plainWeights,
  toWeightStorage,
} from '../kernels/blocked.ts';
import { channelSum } from '../kernels/channels.ts';

export interface ConvOptions {
  /** [O]; omitted where a batch norm follows. */
  readonly bias?: Value | undefined;
  readonly stride?: number;
  readonly dilation?: number;
  /** Groups of channels that do not see each other; as many as channels: depthwise. Default 1. */
  readonly groups?: number;
  /** Zeros on every side, or [top, left, bottom, right]. Default: "same" for odd kernels at stride 1. */
  readonly padding?: number | readonly [number, number, number, number];
}

/** Output size along one axis: ⌊(size + pads − dilation·(kernel−1) − 1) / stride⌋ + 1. */
export function convOutputSize(size: number, kernel: number, stride: number, dilation: number, pads: number): number {
  return Math.floor((size + pads - dilation * (kernel - 1) - 1) / stride) + 1;
}

function geometryOf(w: Shape, options: ConvOptions): ConvGeometry {
  const stride = options.stride ?? 1;
  const dilation = options.dilation ?? 1;
  const same = [Math.floor((dilation * (w[2]! - 1)) / 2), Math.floor((dilation * (w[3]! - 1)) / 2)] as const;
  const p = options.padding;
  const padding = p === undefined ? ([same[0], same[1], same[0], same[1]] as const) : typeof p === 'number' ? ([p, p, p, p] as const) : p;
  return { stride: [stride, stride], dilation: [dilation, dilation], padding };
}

/** Standard dX: `ConvTranspose` with the forward weights; output padding restores pixels the stride skipped. */
export function standardDx(dy: Value, w: Value, x: Shape, { stride, dilation, padding }: ConvGeometry, groups: number): Value {
  const size = (axis: 0 | 1): number =>
    (dy.shape[2 + axis]! - 1) * stride[axis] + dilation[axis] * (w.shape[2 + axis]! - 1) + 1 - padding[axis] - padding[2 + axis]!;
  return w.graph.emit('ConvTranspose', [dy, plainWeights(w)], x, {
    attributes: {
      kernel_shape: [w.shape[2]!, w.shape[3]!],
      strides: stride,
      dilations: dilation,
      group: groups,
      pads: padding,
      output_padding: [x[2]! - size(0), x[3]! - size(1)],
    },
  });
}

/**
 * Standard dW: the same convolution with batch and channels traded, as in `blockedConvDw`: x as C/groups images of
 * groups·N channels, dy [O,N,H',W'] as the filters.
 */
function standardDw(x: Value, dy: Value, w: Value, { stride, dilation, padding }: ConvGeometry, groups: number): Value {
  const { graph } = w;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const [, O, Ho, Wo] = dy.shape as [number, number, number, number];
  const [, , kh, kw] = w.shape as [number, number, number, number];
  const bottom = stride[0] * (Ho - 1) + dilation[0] * (kh - 1) + 1 - H - padding[0];
  const right = stride[1] * (Wo - 1) + dilation[1] * (kw - 1) + 1 - W - padding[1];
  const swap = (v: Value, shape: Shape): Value => graph.emit('Transpose', [v], shape, { attributes: { perm: [1, 0, 2, 3] } });
  const I = C / groups;
  const xt = groups === 1 ? swap(x, [C, N, H, W]) : foldGroups(x, groups);
  const pads = graph.constant([0, 0, padding[0], padding[1], 0, 0, bottom, right], [8], 'int64');
  const padded = graph.emit('Pad', [xt, pads], [I, groups * N, H + padding[0] + bottom, W + padding[1] + right]);
  const result = graph.emit('Conv', [padded, swap(dy, [O, N, Ho, Wo])], [I, O, kh, kw], {
    attributes: { kernel_shape: [Ho, Wo], strides: dilation, dilations: stride, pads: [0, 0, 0, 0], group: groups },
  });
  return toWeightStorage(w, swap(result, w.shape));
}

/** dW of a 1×1 convolution that sees every pixel once: dy · xᵀ, both as [channels, N·H·W]. */
function pointwiseDw(x: Value, dy: Value, w: Value): Value {
  const { graph } = w;
  const byChannel = (v: Value): Value => {
    const [N, C, H, W] = v.shape as [number, number, number, number];
    const turned = graph.emit('Transpose', [v], [C, N, H, W], { attributes: { perm: [1, 0, 2, 3] } });
    return graph.emit('Reshape', [turned, graph.constant([C, N * H * W], [2], 'int64')], [C, N * H * W]);
  };
  const product = graph.emit('Gemm', [byChannel(dy), byChannel(x)], w.shape.slice(0, 2), { attributes: { transB: 1 } });
  return toWeightStorage(w, graph.emit('Reshape', [product, graph.constant(w.shape, [4], 'int64')], w.shape));
}

/** x [N,C,H,W] → [C/groups, groups·N, H, W]. */
function foldGroups(x: Value, groups: number): Value {
  const { graph } = x;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const reshaped = (v: Value, shape: Shape): Value => graph.emit('Reshape', [v, graph.constant(shape, [shape.length], 'int64')], shape);
  const split = reshaped(x, [N, groups, C / groups, H, W]);
  const turned = graph.emit('Transpose', [split], [C / groups, groups, N, H, W], { attributes: { perm: [2, 1, 0, 3, 4] } });
  return reshaped(turned, [C / groups, groups * N, H, W]);
}

/**
 * Cross-correlation: x [N,C,H,W], w [O,C/groups,kh,kw] → [N,O,H',W'].
 * Throws, naming both sides, when the channels do not match or the kernel does not fit.
 */
export function conv(x: Value, w: Value, options: ConvOptions = {}): Value {
  const { graph } = x;
  if (x.shape.length !== 4 || w.shape.length !== 4)
    throw new Error(`Conv: expected x [N,C,H,W] and w [O,C/groups,kh,kw], got ${describe(x.shape)} and ${describe(w.shape)}`);
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const [O, I, kh, kw] = w.shape as [number, number, number, number];
  const groups = options.groups ?? 1;
  if (C !== I * groups || O % groups !== 0) {
    const times = groups > 1 ? ` × ${groups} groups, which must divide the ${O} filters` : '';
    throw new Error(`Conv: input channels ${C} must match weight channels ${I}${times} (x ${describe(x.shape)}, w ${describe(w.shape)})`);
  }
  if (options.bias && (options.bias.shape.length !== 1 || options.bias.shape[0] !== O))
    throw new Error(`Conv: bias ${describe(options.bias.shape)} must be [${O}], one for each filter of w ${describe(w.shape)}`);
  const geometry = geometryOf(w.shape, options);
  const { stride, dilation, padding } = geometry;
  const Ho = convOutputSize(H, kh, stride[0], dilation[0], padding[0] + padding[2]);
  const Wo = convOutputSize(W, kw, stride[1], dilation[1], padding[1] + padding[3]);
  if (Ho < 1 || Wo < 1) throw new Error(`Conv: kernel ${kh}×${kw} does not fit input ${describe(x.shape)} with padding ${describe(padding)}`);
  const shape = [N, O, Ho, Wo];
  const b = graph.kernels.block;
  const blockOut = b > 0 && O % b === 0;
  const depthwise = groups > 1 && groups === C && O === C;
  const pointwise = groups === 1 && [kh, kw, ...stride].every((v) => v === 1) && padding.every((pad) => pad === 0);
  const useBlocked = blockOut && (groups === 1 ? C % b === 0 || C < b : depthwise);

  let y: Value;
  if (useBlocked) {
    const source = graph.nameIn(x, C < b ? 'plain' : 'blocked');
    y = blockedConv(graph, source, blockedWeights(w), [kh, kw], shape, { ...geometry, group: groups, bias: options.bias });
  } else {
    const inputs = options.bias ? [x, plainWeights(w), options.bias] : [x, plainWeights(w)];
    y = graph.emit('Conv', inputs, shape, { attributes: { kernel_shape: [kh, kw], strides: stride, dilations: dilation, pads: padding, group: groups } });
  }
  const inputs = options.bias ? [x, w, options.bias] : [x, w];
  return graph.record(inputs, y, (dy, needed) => {
    const dx = () =>
      useBlocked && canBlock(x) && fitsBlockedDx(w.shape, x.shape, dy.shape, geometry)
        ? blockedConvDx(dy, w, x.shape, geometry, depthwise)
        : standardDx(dy, w, x.shape, geometry, groups);
    const dw = () => {
      if (pointwise) return pointwiseDw(x, dy, w);
      if (useBlocked && depthwise) return blockedDepthwiseDw(x, dy, w, geometry);
      if (useBlocked && fitsBlockedStemDw(x, dy, w, geometry)) return blockedStemDw(x, dy, w, geometry);
      return useBlocked && N % b === 0 ? blockedConvDw(x, dy, w, geometry) : standardDw(x, dy, w, geometry, groups);
    };
    const db = () => channelSum(dy);
    return [needed[0] ? dx() : undefined, needed[1] ? dw() : undefined, needed[2] ? db() : undefined];
  });
}
