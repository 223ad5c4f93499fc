/** Beta(α, α) numbers, which mixup and cutmix share out two images by. */
import type { Rng } from '../random.ts';

/** One number in 0…1; α > 0: at 1 all shares are equally likely, towards 0 one image takes all, above 1 halves are preferred. */
export function sampleBeta(alpha: number, rng: Rng): number {
  if (!(alpha > 0)) throw new RangeError(`sampleBeta: alpha must be above 0, came ${alpha}`);
  const first = sampleGamma(alpha, rng);
  const second = sampleGamma(alpha, rng);
  // Both can underflow to 0 for a tiny α; the share is then 0 or 1 with equal chances.
  return first + second > 0 ? first / (first + second) : rng.int(2);
}

/** Gamma(shape, 1) by Marsaglia & Tsang (2000); below 1 by way of shape + 1. */
function sampleGamma(shape: number, rng: Rng): number {
  if (shape < 1) return sampleGamma(shape + 1, rng) * (1 - rng.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - rng.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
