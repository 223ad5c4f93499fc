/** Occlusion maps: what the probability of a class loses when a part of the picture is covered (Zeiler & Fergus 2014). */
import type { HeatMap } from './heat-map.ts';
import type { LookingGlass } from './looking-glass.ts';

/** Side of the patch and step between patches, as shares of the picture's smaller side. */
const patchShare = 0.22;
const stepShare = 0.08;
const batch = 64;

function starts(size: number, patch: number, step: number): number[] {
  const last = size - patch;
  const count = Math.max(1, Math.ceil(last / step) + 1);
  return Array.from({ length: count }, (_, i) => Math.min(last, i * step));
}

/**
 * For each pixel, the mean loss of ln p(k) over the patches that cover it; positive where the picture speaks for the class.
 * Patches are filled with the mean of the picture, so that no edge of a strange colour appears.
 * input [C,H,W] as the network takes it.
 */
export async function occlusionMap(glass: LookingGlass, input: Float32Array, k: number): Promise<HeatMap> {
  const [C, height, width] = glass.card.preprocessing.input.shape;
  const K = glass.head.labels.length;
  const side = Math.min(height, width);
  const patch = Math.max(1, Math.round(patchShare * side));
  const step = Math.max(1, Math.round(stepShare * side));
  const places = starts(height, patch, step).flatMap((y) => starts(width, patch, step).map((x) => ({ x, y })));
  const means = channelMeans(input, C);
  const whole = Math.log(Math.max(1e-12, (await glass.probabilities(input))[k]!));
  const sums = new Float32Array(height * width);
  const counts = new Float32Array(height * width);
  for (let from = 0; from < places.length; from += batch) {
    const some = places.slice(from, from + batch);
    const inputs = new Float32Array(some.length * input.length);
    for (const [i, { x, y }] of some.entries()) {
      inputs.set(input, i * input.length);
      for (let c = 0; c < C; c++) {
        for (let row = y; row < y + patch; row++) {
          const at = i * input.length + (c * height + row) * width + x;
          inputs.fill(means[c]!, at, at + patch);
        }
      }
    }
    const p = await glass.probabilities(inputs);
    for (const [i, { x, y }] of some.entries()) {
      const loss = whole - Math.log(Math.max(1e-12, p[i * K + k]!));
      for (let row = y; row < y + patch; row++) {
        for (let column = x; column < x + patch; column++) {
          sums[row * width + column]! += loss;
          counts[row * width + column]!++;
        }
      }
    }
  }
  return { height, width, values: sums.map((sum, p) => sum / counts[p]!) };
}

/** Mean of each channel of an input [C,H,W]. */
export function channelMeans(input: Float32Array, channels: number): Float32Array {
  const plane = input.length / channels;
  return Float32Array.from({ length: channels }, (_, c) => input.subarray(c * plane, (c + 1) * plane).reduce((a, b) => a + b, 0) / plane);
}
