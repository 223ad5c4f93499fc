/** Bilinear resizing of a network's input (ONNX `Resize`): inside the training graph, so that batches stay small until they are used. */
import { describe, type Value } from '../graph.ts';

/**
 * x [N,C,H,W] → [N,C,height,width], bilinear at pixel centres, edges repeated; a triangle filter widened by the scale
 * when shrinking. The same numbers as the runtime's resampler. For data only: no gradient flows through it.
 */
export function resize(x: Value, height: number, width: number): Value {
  const { graph } = x;
  if (x.shape.length !== 4 || x.requiresGrad) throw new Error(`Resize: expected data [N,C,H,W] that needs no gradient, got ${describe(x.shape)}`);
  const [N, C, H, W] = x.shape as [number, number, number, number];
  if (H === height && W === width) return x;
  const shape = [N, C, height, width];
  const shrinks = height < H || width < W;
  return graph.emit('Resize', [x, '', '', graph.constant(shape, [4], 'int64')], shape, {
    attributes: { mode: 'linear', coordinate_transformation_mode: 'half_pixel', ...(shrinks ? { antialias: 1 } : {}) },
  });
}
