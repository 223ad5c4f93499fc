/** From data to places. */

export interface Scale {
  (value: number): number;
  readonly domain: readonly [number, number];
}

/** A straight scale: `domain` → `range`, values beyond it on the same line. */
export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const slope = (range[1] - range[0]) / (domain[1] - domain[0] || 1);
  return Object.assign((value: number) => range[0] + (value - domain[0]) * slope, { domain });
}

/** About `count` round values within the domain: steps of 1, 2 or 5 times a power of ten. */
export function ticks([low, high]: readonly [number, number], count = 5): number[] {
  const rough = (high - low) / count;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((multiple) => multiple * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Math.round((first + i) * step * 1e9) / 1e9);
}

/** The least and largest of some values, rounded outwards to whole steps. */
export function niceDomain(values: readonly number[], step: number): [number, number] {
  return [Math.floor(Math.min(...values) / step + 1e-9) * step, Math.ceil(Math.max(...values) / step - 1e-9) * step];
}

export const percentText = (value: number, digits = 0): string => `${(100 * value).toFixed(digits)} %`;
