/**
 * Ops that WebGPU's provider lacks (Sign, LogSoftmax, the indices of MaxPool, MaxUnpool), made of ops it has. Same numbers
 * as the standard forms. Not differentiable: ops state their own gradients with them.
 */
import type { Shape } from '@mien/onnx';
import type { Graph, Value } from '../graph.ts';

function integers(graph: Graph, list: readonly number[]): Value {
  return graph.constant(list, [list.length], 'int64');
}

function reshapeTo(x: Value, shape: Shape): Value {
  return x.graph.emit('Reshape', [x, integers(x.graph, shape)], shape);
}

/** 1 where `comparison` ('Equal', 'Greater') of a and b holds, else 0, as float32. */
function indicator(comparison: 'Equal' | 'Greater', a: Value, b: Value): Value {
  const holds = a.graph.emit(comparison, [a, b], a.shape, { dtype: 'bool' });
  return a.graph.emit('Cast', [holds], a.shape, { attributes: { to: 1 } });
}

/** 1 where x > 0, else 0: the sign of a value that is never negative. */
export function positiveIndicator(x: Value): Value {
  return indicator('Greater', x, x.graph.constant(0));
}

/** log softmax of x [N,K] over its classes, shifted by the maximum so that no exponential overflows. */
export function portableLogSoftmax(x: Value): Value {
  const { graph } = x;
  const row = [x.shape[0]!, 1];
  const shifted = graph.emit('Sub', [x, graph.emit('ReduceMax', [x, integers(graph, [1])], row)], x.shape);
  const sum = graph.emit('ReduceSum', [graph.emit('Exp', [shifted], x.shape), integers(graph, [1])], row);
  return graph.emit('Sub', [shifted, graph.emit('Log', [sum], row)], x.shape);
}

export interface PoolWindow {
  readonly size: number;
  readonly stride: number;
  /** Border on every side. */
  readonly padding: number;
}

/** `length` rows and columns of x [N,C,·,·] from (start, start) on, zeros where x has ended. */
function crop(x: Value, start: number, [height, width]: readonly [number, number]): Value {
  const { graph } = x;
  const [N, C, U, V] = x.shape as [number, number, number, number];
  const bottom = Math.max(0, start + height - U);
  const right = Math.max(0, start + width - V);
  const whole = bottom + right === 0 ? x : graph.emit('Pad', [x, integers(graph, [0, 0, 0, 0, 0, 0, bottom, right])], [N, C, U + bottom, V + right]);
  if (start === 0 && U + bottom === height && V + right === width) return whole;
  const bounds = [integers(graph, [start, start]), integers(graph, [start + height, start + width]), integers(graph, [2, 3])];
  return graph.emit('Slice', [whole, ...bounds], [N, C, height, width]);
}

/** Values that stand `stride` apart along the axis before the last new one: parts [N,C,A,B] woven to [N,C,A·…]. Zeros after the last part. */
function weave(parts: readonly Value[], stride: number, axis: 2 | 3): Value {
  const { graph } = parts[0]!;
  const [N, C, A, B] = parts[0]!.shape as [number, number, number, number];
  const split = (count: number): Shape => (axis === 2 ? [N, C, A, count, B] : [N, C, A, B, count]);
  const at = axis + 1;
  let woven = graph.emit(
    'Concat',
    parts.map((part) => reshapeTo(part, split(1))),
    split(parts.length),
    { attributes: { axis: at } },
  );
  if (parts.length < stride) {
    const after = split(1).map((_, i) => (i === at ? stride - parts.length : 0));
    woven = graph.emit('Pad', [woven, integers(graph, [0, 0, 0, 0, 0, ...after])], split(stride));
  }
  return reshapeTo(woven, axis === 2 ? [N, C, A * stride, B] : [N, C, A, B * stride]);
}

/**
 * Gradient of y = MaxPool(x) without indices: tap by tap of the window, dy goes where x equals y and no tap before did (the
 * first maximum, as with indices). Taps that lie a stride apart land on the same positions and are added up; the residues
 * of the stride are then woven together.
 */
export function portableMaxPoolGradient(dy: Value, x: Value, y: Value, { size, stride, padding }: PoolWindow): Value {
  const { graph } = x;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const [, , Ho, Wo] = y.shape as [number, number, number, number];
  const [Hp, Wp] = [H + 2 * padding, W + 2 * padding];
  const border = integers(graph, [0, 0, padding, padding, 0, 0, padding, padding]);
  // Lower than any value a window can have as its maximum.
  const padded = padding === 0 ? x : graph.emit('Pad', [x, border, graph.constant(-3.4e38)], [N, C, Hp, Wp]);
  const reach = Math.ceil(size / stride) - 1;
  const residues = Math.min(size, stride);
  /** Sums by residue of row and column, each [N, C, Ho + reach, Wo + reach]. */
  const grids: Value[][] = Array.from({ length: residues }, () => []);
  let taken: Value | undefined;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const ends = integers(graph, [i + stride * (Ho - 1) + 1, j + stride * (Wo - 1) + 1]);
      const tap = graph.emit('Slice', [padded, integers(graph, [i, j]), ends, integers(graph, [2, 3]), integers(graph, [stride, stride])], y.shape);
      const hit = indicator('Equal', tap, y);
      const first: Value = taken ? graph.emit('Mul', [hit, graph.emit('Sub', [graph.constant(1), taken], y.shape)], y.shape) : hit;
      taken = taken ? graph.emit('Add', [taken, first], y.shape) : first;
      let part = graph.emit('Mul', [first, dy], y.shape);
      if (reach > 0) {
        const [down, right] = [Math.floor(i / stride), Math.floor(j / stride)];
        const place = integers(graph, [0, 0, down, right, 0, 0, reach - down, reach - right]);
        part = graph.emit('Pad', [part, place], [N, C, Ho + reach, Wo + reach]);
      }
      const row = grids[i % stride]!;
      const sum = row[j % stride];
      row[j % stride] = sum ? graph.emit('Add', [sum, part], part.shape) : part;
    }
  }
  const rows = grids.map((row) => weave(row, stride, 3));
  return crop(weave(rows, stride, 2), padding, [H, W]);
}
