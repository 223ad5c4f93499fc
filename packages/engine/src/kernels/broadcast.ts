/**
 * Blocked maps x [N,C,H,W] against one value a channel, v [N,C,1,1], or one a position, v [N,1,H,W]: what gates and their
 * gradients are made of. A blocked tensor is [N, C/b, H·W, b] in memory, so both are broadcasts and reductions of a view,
 * and nothing is reordered. Not differentiable.
 */
import type { DType, Shape } from '@mien/onnx';
import { commonLayout, sameShape, type Value } from '../graph.ts';
import { reshapeRaw } from './blocked.ts';
import { sampleAffine } from './channels.ts';

type Per = 'channel' | 'position';

/** x as rows in which v is constant along axis 1: [N·C/b, H·W, b] by channel, [N, C/b, H·W·b] by position. */
function rowsOf(x: Value, per: Per): { name: string; shape: Shape } {
  const { graph } = x;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const b = graph.kernels.block;
  const shape = per === 'channel' ? [(N * C) / b, H * W, b] : [N, C / b, H * W * b];
  return { name: reshapeRaw(graph, graph.nameIn(x, 'blocked'), shape), shape };
}

/** v as such a row: [N·C/b, 1, b] or [N, 1, H·W·b]. */
function rowOf(v: Value, per: Per): string {
  const { graph } = v;
  const b = graph.kernels.block;
  const name = graph.nameIn(v, 'plain');
  const [N, C, H, W] = v.shape as [number, number, number, number];
  if (per === 'channel') return reshapeRaw(graph, name, [(N * C) / b, 1, b]);
  const repeated = graph.emit('Expand', [reshapeRaw(graph, name, [N, H * W, 1]), graph.constant([N, H * W, b], [3], 'int64')], [N, H * W, b]);
  return reshapeRaw(graph, repeated.names.plain!, [N, 1, H * W * b]);
}

/** What v is to x, if x is blocked. */
function relation(x: Value, v: Value): Per | undefined {
  if (x.shape.length !== 4 || commonLayout([x]) !== 'blocked') return undefined;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  if (sameShape(v.shape, [N, C, 1, 1])) return 'channel';
  return sameShape(v.shape, [N, 1, H, W]) ? 'position' : undefined;
}

/** `op`(x, v) where x is blocked and v is per channel or per position; otherwise undefined. */
export function broadcastBlocked(op: string, x: Value, v: Value, dtype: DType = 'float32'): Value | undefined {
  const per = relation(x, v);
  if (!per) return undefined;
  const { graph } = x;
  if (per === 'channel' && op === 'Mul') return sampleAffine(x, v);
  if (per === 'channel' && op === 'Add') return sampleAffine(x, graph.constant(new Array(x.shape[0]! * x.shape[1]!).fill(1), v.shape), v);
  const rows = rowsOf(x, per);
  const y = graph.emit(op, [rows.name, rowOf(v, per)], rows.shape, { dtype });
  return graph.emit('Reshape', [y.names.plain!, graph.constant(x.shape, [4], 'int64').names.plain!], x.shape, { dtype, layout: 'blocked' });
}

/** `op` (ReduceSum or ReduceMax) of blocked x over channels (`axes` [1]) or positions ([2,3]), axes kept; otherwise undefined. */
export function reduceBlocked(op: 'ReduceSum' | 'ReduceMax', x: Value, axes: readonly number[]): Value | undefined {
  if (x.shape.length !== 4 || commonLayout([x]) !== 'blocked') return undefined;
  const per: Per | undefined = sameShape(axes, [1]) ? 'position' : sameShape(axes, [2, 3]) ? 'channel' : undefined;
  if (!per) return undefined;
  const { graph } = x;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const over = (name: string, axis: number, shape: Shape): string =>
    graph.emit(op, [name, graph.constant([axis], [1], 'int64')], shape, { attributes: { keepdims: 0 } }).names.plain!;
  const rows = rowsOf(x, per);
  const reduced = over(rows.name, 1, [rows.shape[0]!, rows.shape[2]!]);
  const shape = per === 'channel' ? [N, C, 1, 1] : [N, 1, H, W];
  const b = graph.kernels.block;
  const name = per === 'channel' ? reduced : over(reshapeRaw(graph, reduced, [N * H * W, b]), 1, [N * H * W]);
  return graph.emit('Reshape', [name, graph.constant(shape, [4], 'int64')], shape);
}
