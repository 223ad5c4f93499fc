/** Concat and Slice: joining and cutting along one axis. */
import { describe, type Value } from '../graph.ts';

/** Joins values along `axis`; all other dimensions must agree. Throws, naming both sides, when they do not. */
export function concat(values: readonly Value[], axis: number): Value {
  const first = values[0];
  if (!first) throw new Error(`Concat: there is nothing to join along axis ${axis}`);
  if (!(axis in first.shape)) throw new Error(`Concat: axis ${axis} is not one of ${describe(first.shape)}`);
  for (const v of values) {
    const fits = v.shape.length === first.shape.length && v.shape.every((dim, i) => i === axis || dim === first.shape[i]);
    if (!fits) throw new Error(`Concat: ${describe(v.shape)} does not fit ${describe(first.shape)} along axis ${axis}`);
  }
  const shape = first.shape.map((dim, i) => (i === axis ? values.reduce((sum, v) => sum + v.shape[axis]!, 0) : dim));
  const y = first.graph.emit('Concat', values, shape, { attributes: { axis } });
  return first.graph.record(values, y, (dy, needed) => {
    let at = 0;
    return values.map((v, i) => {
      const start = at;
      at += v.shape[axis]!;
      return needed[i] ? slice(dy, axis, start, at) : undefined;
    });
  });
}

/** Elements start…end−1 along `axis`. Throws when they are not there. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const { graph } = x;
  const size = x.shape[axis];
  if (size === undefined || start < 0 || end > size || start >= end)
    throw new Error(`Slice: ${start}…${end} does not lie within axis ${axis} of ${describe(x.shape)}`);
  const one = (value: number): Value => graph.constant([value], [1], 'int64');
  const shape = x.shape.map((dim, i) => (i === axis ? end - start : dim));
  const y = graph.emit('Slice', [x, one(start), one(end), one(axis)], shape);
  return graph.record([x], y, (dy) => {
    const before = x.shape.map((_, i) => (i === axis ? start : 0));
    const after = x.shape.map((_, i) => (i === axis ? size - end : 0));
    return [graph.emit('Pad', [dy, graph.constant([...before, ...after], [2 * x.shape.length], 'int64')], x.shape)];
  });
}
