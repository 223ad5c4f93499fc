/**
 * Convolution weights as the blocked kernels read them.
 *
 * Plain is OIHW. Blocked is [O/b, I/b, H, W, b(i), b(o)]; for fewer than b input channels [O/b, I, H, W, b(o)].
 * Optimisers work elementwise and do not care, so training keeps the weights blocked and only checkpoints and exports
 * turn them back: no reordering inside a step.
 */
import type { Shape } from '@mien/onnx';

function forEachBlocked(shape: Shape, block: number, visit: (plain: number, blocked: number) => void): void {
  const [O, I, H, W] = shape as [number, number, number, number];
  const inner = I < block ? 1 : block;
  let at = 0;
  for (let o = 0; o < O; o += block) {
    for (let i = 0; i < I; i += inner) {
      for (let hw = 0; hw < H * W; hw++) {
        for (let ii = i; ii < i + inner; ii++) {
          for (let oo = o; oo < o + block; oo++) visit((oo * I + ii) * H * W + hw, at++);
        }
      }
    }
  }
}

/** OIHW → blocked. Both arrays have O·I·H·W values. */
export function blockWeights(plain: Float32Array, shape: Shape, block: number, out: Float32Array = new Float32Array(plain.length)): Float32Array {
  forEachBlocked(shape, block, (p, b) => {
    out[b] = plain[p]!;
  });
  return out;
}

/** Blocked → OIHW, the inverse of `blockWeights`. */
export function unblockWeights(blocked: Float32Array, shape: Shape, block: number, out: Float32Array = new Float32Array(blocked.length)): Float32Array {
  forEachBlocked(shape, block, (p, b) => {
    out[p] = blocked[b]!;
  });
  return out;
}
