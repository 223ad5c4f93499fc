/** Position embeddings of a vision transformer, brought to another number of patches. */
import type { Shape } from '@mien/onnx';
import type { Fit } from './fit-tensor.ts';

/** Side of the square grid and the tokens before it (none, or the class token), for T positions. */
function gridOf(T: number): { side: number; prefix: number } | undefined {
  for (const prefix of [1, 0]) {
    const side = Math.sqrt(T - prefix);
    if (Number.isInteger(side) && side > 0) return { side, prefix };
  }
  return undefined;
}

/** Corners and weights of linear interpolation at `i` of `size` samples, over `from` samples; centres of the borders' samples are held. */
function sample(i: number, size: number, from: number): { low: number; high: number; part: number } {
  const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / size - 0.5));
  const low = Math.floor(at);
  return { low, high: Math.min(from - 1, low + 1), part: at - low };
}

/**
 * [1,T,D] → [1,T',D] by bilinear interpolation over the square grid of patches (Dosovitskiy et al. 2021, section 3.2); a class
 * token stays as it is. Undefined where the shapes are no such grids.
 */
export function resizePositions(from: Shape, to: Shape): Fit | undefined {
  const [source, target] = [gridOf(from[1] ?? 0), gridOf(to[1] ?? 0)];
  const D = to[2]!;
  if (from.length !== 3 || to.length !== 3 || from[0] !== 1 || to[0] !== 1 || from[2] !== D || !source || !target || source.prefix !== target.prefix)
    return undefined;
  return {
    how: `positions of ${source.side}×${source.side} patches resized to ${target.side}×${target.side}`,
    apply: (data) => {
      const out = new Float32Array(to[1]! * D);
      out.set(data.subarray(0, source.prefix * D));
      const value = (y: number, x: number, d: number): number => data[(source.prefix + y * source.side + x) * D + d]!;
      for (let y = 0; y < target.side; y++) {
        const v = sample(y, target.side, source.side);
        for (let x = 0; x < target.side; x++) {
          const h = sample(x, target.side, source.side);
          for (let d = 0; d < D; d++) {
            const top = value(v.low, h.low, d) * (1 - h.part) + value(v.low, h.high, d) * h.part;
            const bottom = value(v.high, h.low, d) * (1 - h.part) + value(v.high, h.high, d) * h.part;
            out[(target.prefix + y * target.side + x) * D + d] = top * (1 - v.part) + bottom * v.part;
          }
        }
      }
      return out;
    },
  };
}
