/** A gate per sample and channel: what squeeze-and-excitation multiplies with. */
import { describe, sameShape, type Value } from '../graph.ts';
import { sampleAffine, spatialDot } from '../kernels/channels.ts';
import { reshape } from './shape.ts';

/** x · gate, x [N,C,H,W], gate [N,C,1,1]. One pass each way. */
export function scaleChannels(x: Value, gate: Value): Value {
  const shape = [x.shape[0]!, x.shape[1]!, 1, 1];
  if (!sameShape(gate.shape, shape)) throw new Error(`scaleChannels: x ${describe(x.shape)} needs a gate ${describe(shape)}, got ${describe(gate.shape)}`);
  return x.graph.record([x, gate], sampleAffine(x, gate), (dy, needed) => [
    needed[0] ? sampleAffine(dy, gate) : undefined,
    needed[1] ? reshape(spatialDot(dy, x), shape) : undefined,
  ]);
}
