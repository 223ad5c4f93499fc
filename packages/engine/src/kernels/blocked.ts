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
  readonly activation?: 'Relu' | 'Clip' | 'HardSigmoid' | undefined;
  /** Lower and upper bound of Clip; α and β of HardSigmoid. */
  readonly activationParams?: readonly number[];
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
      ...(options.activationParams ? { activation_params: { floats: options.activationParams } } : {}),
    },
  });
}

/** The same numbers in memory, seen in another shape: of a tensor name, in whatever layout it is. */
export function reshapeRaw(graph: Graph, name: string, shape: Shape): string {
  return graph.emit('Reshape', [name, graph.constant(shape, [shape.length], 'int64')], shape).names.plain!;
}

function transposeRaw(graph: Graph, name: string, shape: Shape, perm: readonly number[]): string {
  return graph.emit(
    'Transpose',
    [reshapeRaw(graph, name, shape)],
    perm.map((axis) => shape[axis]!),
    { attributes: { perm } },
  ).names.plain!;
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
 * The weights of a dX convolution, [I/b, O/b, taps, b(o)·b(i)]: input and output channels swapped, taps in forward order.
 * The b×b transposes inside the blocks ride on ReorderInput, which is vectorised where Transpose is not.
 */
function swappedWeights(w: Value): string {
  const { graph } = w;
  const b = graph.kernels.block;
  const [O, I, kh, kw] = w.shape as [number, number, number, number];
  const taps = kh * kw;
  const blocks = (O / b) * (I / b) * taps;
  const rows = reshapeRaw(graph, blockedWeights(w), [blocks, b, 1, b]);
  const swapped = graph.emit('ReorderInput', [rows], [blocks, b, 1, b], { domain: blockedDomain }).names.plain!;
  return transposeRaw(graph, swapped, [O / b, I / b, taps, b * b], [1, 0, 2, 3]);
}

/** What dX is along one axis for one phase: the positions y with y mod stride = phase see only every stride-th tap. */
interface Phase {
  /** Taps in the order the convolution of dy reads them. */
  readonly taps: readonly number[];
  readonly padding: readonly [number, number];
}

/** The phases of one axis: `size` of x, `out` of dy. */
function phasesOf(size: number, out: number, kernel: number, stride: number, dilation: number, pad: number): Phase[] {
  return Array.from({ length: stride }, (_, phase) => {
    const first = stride === 1 ? 0 : (phase + pad) % stride;
    const count = first < kernel ? Math.ceil((kernel - first) / stride) : 0;
    const reach = dilation * (count - 1);
    const before = reach - (stride === 1 ? pad : (phase + pad - first) / stride);
    const length = Math.ceil(size / stride);
    return {
      taps: Array.from({ length: count }, (_, t) => first + stride * (count - 1 - t)),
      padding: [before, length - out + reach - before],
    };
  });
}

/** True where `blockedConvDx` has a form for this convolution. */
export function fitsBlockedDx(w: Shape, x: Shape, dy: Shape, { stride, dilation, padding }: ConvGeometry): boolean {
  if (dilation.some((d, axis) => d > 1 && stride[axis]! > 1)) return false;
  return ([0, 1] as const).every((axis) => {
    const phases = phasesOf(x[2 + axis]!, dy[2 + axis]!, w[2 + axis]!, stride[axis], dilation[axis], padding[axis]);
    const empty = phases.filter((p) => p.taps.length === 0).length;
    const fits = phases.every((p) => p.taps.length === 0 || (p.padding[0] >= 0 && p.padding[1] >= 0));
    // Either every phase has taps, or only the first (a 1×1 kernel): in between there is no cheap way to weave them.
    return fits && (empty === 0 || (empty === phases.length - 1 && phases[0]!.taps.length > 0));
  });
}

/**
 * dX: dy convolved with the weights flipped in H and W, channels swapped; `depthwise` for one filter a channel, where
 * there is nothing to swap. With a stride, each phase of x has a small
 * convolution of its own and the results are woven together, so no multiplication by an inserted zero is ever done.
 */
export function blockedConvDx(dy: Value, w: Value, x: Shape, geometry: ConvGeometry, depthwise = false): Value {
  const { graph } = w;
  const b = graph.kernels.block;
  const [O, , kh, kw] = w.shape as [number, number, number, number];
  const [N, I, H, W] = x as [number, number, number, number];
  const [sy, sx] = geometry.stride;
  const [U, V] = [Math.ceil(H / sy), Math.ceil(W / sx)];
  const rows = phasesOf(H, dy.shape[2]!, kh, sy, geometry.dilation[0], geometry.padding[0]).filter((p) => p.taps.length > 0);
  const columns = phasesOf(W, dy.shape[3]!, kw, sx, geometry.dilation[1], geometry.padding[1]).filter((p) => p.taps.length > 0);
  // [I/b, blocks of dy's channels, taps, the block itself]
  const held = depthwise ? [I / b, 1, kh * kw, b] : [I / b, O / b, kh * kw, b * b];
  const weights = depthwise ? reshapeRaw(graph, blockedWeights(w), held) : swappedWeights(w);
  const source = graph.nameIn(dy, 'blocked');

  const part = (row: Phase, column: Phase): Value => {
    const order = row.taps.flatMap((i) => column.taps.map((j) => i * kw + j));
    const kernel = [row.taps.length, column.taps.length] as const;
    const identity = order.length === kh * kw && order.every((tap, i) => tap === i);
    const chosen = identity
      ? weights
      : graph.emit('Gather', [weights, graph.constant(order, [order.length], 'int64')], [held[0]!, held[1]!, order.length, held[3]!], {
          attributes: { axis: 2 },
        }).names.plain!;
    return blockedConv(graph, source, reshapeRaw(graph, chosen, [I, depthwise ? 1 : O, ...kernel]), kernel, [N, I, U, V], {
      group: depthwise ? I : 1,
      stride: [1, 1],
      dilation: geometry.dilation,
      padding: [row.padding[0], column.padding[0], row.padding[1], column.padding[1]],
    });
  };
  if (sy === 1 && sx === 1) return part(rows[0]!, columns[0]!);

  const concat = (names: readonly string[], parts: Shape): string =>
    graph.emit(
      'Concat',
      names.map((name) => reshapeRaw(graph, name, parts)),
      [...parts.slice(0, 2), names.length, parts[3]!],
      { attributes: { axis: 2 } },
    ).names.plain!;
  const woven = rows.map((row) =>
    concat(
      columns.map((column) => part(row, column).names.blocked!),
      [(N * I * U) / b, V, 1, b],
    ),
  );
  const filled = concat(woven, [(N * I) / b, U, 1, V * columns.length * b]);
  let name = reshapeRaw(graph, filled, [(N * I) / b, U, rows.length, V, columns.length, b]);
  if (rows.length < sy || columns.length < sx) {
    const ends = graph.constant([0, 0, 0, 0, 0, 0, 0, 0, sy - rows.length, 0, sx - columns.length, 0], [12], 'int64');
    name = graph.emit('Pad', [name, ends], [(N * I) / b, U, sy, V, sx, b]).names.plain!;
  }
  if (U * sy !== H || V * sx !== W) {
    const five = reshapeRaw(graph, name, [N, I / b, U * sy, V * sx, b]);
    name = graph.emit(
      'Slice',
      [five, graph.constant([0, 0], [2], 'int64'), graph.constant([H, W], [2], 'int64'), graph.constant([2, 3], [2], 'int64')],
      [N, I / b, H, W, b],
    ).names.plain!;
  }
  return graph.emit('Reshape', [name, graph.constant(x, [4], 'int64').names.plain!], x, { layout: 'blocked' });
}

/**
 * dW of a depthwise convolution, as one depthwise convolution: batch and channels folded together, each image's dy is
 * the filter of its x. dy in blocked order *is* that filter, and the sum over the batch is in the order weights are
 * stored in: nothing is moved but the padding of x.
 */
export function blockedDepthwiseDw(x: Value, dy: Value, w: Value, geometry: ConvGeometry): Value {
  const { graph } = w;
  const b = graph.kernels.block;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const { top, left, bottom, right, Hp, Wp } = windowPads(x, dy, w, geometry);
  const five = reshapeRaw(graph, graph.nameIn(x, 'blocked'), [N, C / b, H, W, b]);
  const padded = graph.emit('Pad', [five, graph.constant([0, 0, top, left, 0, 0, 0, bottom, right, 0], [10], 'int64')], [N, C / b, Hp, Wp, b]).names.plain!;
  return toWeights(w, depthwiseSums(graph, reshapeRaw(graph, padded, [1, N * C, Hp, Wp]), dy, w, geometry));
}

/** Padding of x such that exactly kh × kw positions remain when dy slides over it; negative where the stride left pixels unused. */
function windowPads(x: Value, dy: Value, w: Value, { stride, dilation, padding }: ConvGeometry) {
  const [, , H, W] = x.shape as [number, number, number, number];
  const [, , Ho, Wo] = dy.shape as [number, number, number, number];
  const [, , kh, kw] = w.shape as [number, number, number, number];
  const [top, left] = padding;
  const bottom = stride[0] * (Ho - 1) + dilation[0] * (kh - 1) + 1 - H - top;
  const right = stride[1] * (Wo - 1) + dilation[1] * (kw - 1) + 1 - W - left;
  return { top, left, bottom, right, Hp: H + top + bottom, Wp: W + left + right };
}

/** Σ over the batch of each channel of `source` [1,N·O,Hp,Wp] under its dy, in the order weights are stored in: [O·kh·kw]. */
function depthwiseSums(graph: Graph, source: string, dy: Value, w: Value, geometry: ConvGeometry): Value {
  const [N, O, Ho, Wo] = dy.shape as [number, number, number, number];
  const [, , kh, kw] = w.shape as [number, number, number, number];
  const filters = reshapeRaw(graph, graph.nameIn(dy, 'blocked'), [N * O, 1, Ho, Wo]);
  const each = blockedConv(graph, source, filters, [Ho, Wo], [1, N * O, kh, kw], {
    group: N * O,
    stride: geometry.dilation,
    dilation: geometry.stride,
    padding: [0, 0, 0, 0],
  });
  const rows = graph.emit('Reshape', [each.names.blocked!, graph.constant([N, O * kh * kw], [2], 'int64')], [N, O * kh * kw]);
  return graph.emit('ReduceSum', [rows, graph.constant([0], [1], 'int64')], [O * kh * kw], { attributes: { keepdims: 0 } });
}

/** Sums in blocked order as a gradient of w [O,1,kh,kw]. */
function toWeights(w: Value, sums: Value): Value {
  const { graph } = w;
  const b = graph.kernels.block;
  const [O, , kh, kw] = w.shape as [number, number, number, number];
  const shaped = graph.emit('Reshape', [sums, graph.constant(w.shape, [4], 'int64')], w.shape);
  if (parameterOf(w)?.storage === 'blocked') return shaped;
  return graph.emit('Reshape', [transposeRaw(graph, shaped.names.plain!, [O / b, kh, kw, b], [0, 3, 1, 2]), graph.constant(w.shape, [4], 'int64')], w.shape);
}

/** True where `blockedStemDw` has a form: the windows see a pixel at all, not padding alone. */
export function fitsBlockedStemDw(x: Value, dy: Value, w: Value, geometry: ConvGeometry): boolean {
  const [, C, H, W] = x.shape as [number, number, number, number];
  const { bottom, right } = windowPads(x, dy, w, geometry);
  return C === 1 && H + bottom > 0 && W + right > 0;
}

/**
 * dW of a convolution of one channel, w [O,1,kh,kw]: `blockedDepthwiseDw` with x repeated for each filter. dy is the larger
 * of the two by far, and is read where it lies; `blockedConvDw` would transpose it.
 */
export function blockedStemDw(x: Value, dy: Value, w: Value, geometry: ConvGeometry): Value {
  const { graph } = w;
  const [N, , H, W] = x.shape as [number, number, number, number];
  const O = dy.shape[1]!;
  const { top, left, bottom, right, Hp, Wp } = windowPads(x, dy, w, geometry);
  // What the stride left unused is cut off; a convolution pads for itself.
  const [usedH, usedW] = [H + Math.min(0, bottom), W + Math.min(0, right)];
  const used =
    usedH === H && usedW === W
      ? graph.nameIn(x, 'plain')
      : graph.emit(
          'Slice',
          [x, graph.constant([0, 0], [2], 'int64'), graph.constant([usedH, usedW], [2], 'int64'), graph.constant([2, 3], [2], 'int64')],
          [N, 1, usedH, usedW],
        ).names.plain!;
  // Repeating by a 1×1 convolution with ones: into blocks, padded, on all threads.
  const ones = graph.constant(new Array(O).fill(1), [O, 1, 1, 1]).names.plain!;
  const repeated = blockedConv(graph, used, ones, [1, 1], [N, O, Hp, Wp], {
    stride: [1, 1],
    dilation: [1, 1],
    padding: [top, left, Math.max(0, bottom), Math.max(0, right)],
  });
  return toWeights(w, depthwiseSums(graph, reshapeRaw(graph, repeated.names.blocked!, [1, N * O, Hp, Wp]), dy, w, geometry));
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
  const { top, left, bottom, right, Hp, Wp } = windowPads(x, dy, w, geometry);
  const swapped = graph.emit('Transpose', [x], [C, N, H, W], { attributes: { perm: [1, 0, 2, 3] } });
  const blocked = graph.emit('ReorderInput', [swapped], [C, N, H, W], { domain: blockedDomain }).names.plain!;
  const five = reshapeRaw(graph, blocked, [C, N / b, H, W, b]);
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
