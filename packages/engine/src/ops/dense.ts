/** Fully connected layer (ONNX `Gemm`). */
import { sizeOf } from '@mien/onnx';
import { describe, type Value } from '../graph.ts';
import { reduceSum } from './reduce.ts';
import { reshape } from './shape.ts';

/** x·wᵀ + b: x [N,D], w [K,D], b [K] → [N,K]; leading axes, as of tokens [N,T,D], are kept. Throws, naming both sides, when D differs. */
export function dense(x: Value, w: Value, b?: Value): Value {
  const { graph } = x;
  if (x.shape.length > 2 && x.shape.at(-1) === w.shape[1]) {
    const lead = x.shape.slice(0, -1);
    return reshape(dense(reshape(x, [sizeOf(lead), x.shape.at(-1)!]), w, b), [...lead, w.shape[0]!]);
  }
  if (x.shape.length !== 2 || w.shape.length !== 2 || x.shape[1] !== w.shape[1]) {
    throw new Error(`Gemm: x ${describe(x.shape)} and weights ${describe(w.shape)} must share their last dimension`);
  }
  const [N, D] = x.shape as [number, number];
  const K = w.shape[0]!;
  if (b && (b.shape.length !== 1 || b.shape[0] !== K))
    throw new Error(`Gemm: bias ${describe(b.shape)} must be [${K}], one for each row of the weights ${describe(w.shape)}`);
  const y = graph.emit('Gemm', b ? [x, w, b] : [x, w], [N, K], { attributes: { transB: 1 } });
  return graph.record(b ? [x, w, b] : [x, w], y, (dy, needed) => [
    needed[0] ? graph.emit('Gemm', [dy, w], [N, D]) : undefined,
    needed[1] ? graph.emit('Gemm', [dy, x], [K, D], { attributes: { transA: 1 } }) : undefined,
    needed[2] ? reshape(reduceSum(dy, [0]), [K]) : undefined,
  ]);
}
