/** Noise of Hendrycks & Dietterich (2019): Gaussian, shot and impulse. Constants: CIFAR-10-C and Tiny-ImageNet-C. */
import type { Rng } from '@mien/data';
import { constantsFor, type Corrupt, mapValues } from './picture.ts';

/** Electronic noise in the dark: v + N(0, σ). */
export const gaussianNoise: Corrupt = (picture, severity, random) => {
  const [sigma] = constantsFor(picture, severity, [[0.04], [0.06], [0.08], [0.09], [0.1]], [[0.04], [0.08], [0.12], [0.15], [0.18]]) as [number];
  return mapValues(picture, (v) => v + sigma * random.normal());
};

/** A Poisson-distributed count with mean λ ≥ 0, found by adding up its probabilities; exact for λ below 700. */
function poisson(mean: number, random: Rng): number {
  const u = random.next();
  let chance = Math.exp(-mean);
  let sum = chance;
  let count = 0;
  // Beyond the last chance a double can add, the sum stands still.
  while (u > sum && (chance > 1e-18 || count < mean)) {
    count++;
    chance *= mean / count;
    sum += chance;
  }
  return count;
}

/** Noise of counting few photons: Poisson(v · c) / c. */
export const shotNoise: Corrupt = (picture, severity, random) => {
  const [photons] = constantsFor(picture, severity, [[500], [250], [100], [75], [50]], [[250], [100], [50], [30], [15]]) as [number];
  return mapValues(picture, (v) => poisson(v * photons, random) / photons);
};

/** Salt and pepper: the share `amount` of the samples is 0 or 1. */
export const impulseNoise: Corrupt = (picture, severity, random) => {
  const [amount] = constantsFor(picture, severity, [[0.01], [0.02], [0.03], [0.05], [0.07]], [[0.01], [0.02], [0.05], [0.08], [0.14]]) as [number];
  return mapValues(picture, (v) => {
    const [hit, salt] = [random.next() < amount, random.next() < 0.5];
    return hit ? Number(salt) : v;
  });
};
