/** Mixup and cutmix for a network of several heads: one mix of the images, the same shares for every head's targets. */
import { type Mix, mixBatch, type Rng } from '@mien/data';
import type { ImageShape } from './input-pixels.ts';

/** Mixes images [N,C,H,W] and the targets [N,K] of every head, in place. */
export function mixHeads(mix: Mix, images: Float32Array, [channels, height, width]: ImageShape, targets: readonly Float32Array[], rng: Rng): void {
  const N = images.length / (channels * height * width);
  const widths = targets.map((each) => each.length / N);
  const classes = widths.reduce((sum, K) => sum + K, 0);
  const joined = new Float32Array(N * classes);
  const eachRow = (visit: (head: Float32Array, from: number, joinedFrom: number, K: number) => void): void => {
    for (let n = 0; n < N; n++) {
      let at = n * classes;
      for (const [h, head] of targets.entries()) {
        visit(head, n * widths[h]!, at, widths[h]!);
        at += widths[h]!;
      }
    }
  };
  eachRow((head, from, at, K) => joined.set(head.subarray(from, from + K), at));
  mixBatch(images, joined, rng, { ...mix, channels, height, width, classes });
  eachRow((head, from, at, K) => head.set(joined.subarray(at, at + K), from));
}
