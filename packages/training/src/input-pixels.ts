/** Ops between pixels and the input of a network; for data only, whatever the number of images. */
import { add, concat, mul, type Value } from '@mien/engine';

export type ImageShape = readonly [C: number, H: number, W: number];

/** Pixels v in 0…1 become (v − mean) / std; one number for all channels, or one for each. */
export interface Normalisation {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/** One channel repeated to C. x [N,1,H,W]. */
export function repeatChannels(x: Value, C: number): Value {
  if (x.shape[1] === C) return x;
  return concat(
    Array.from({ length: C }, () => x),
    1,
  );
}

/** (x − mean) / std per channel. x [N,C,H,W] in 0…1. */
export function normalise(x: Value, { mean, std }: Normalisation): Value {
  const C = x.shape[1]!;
  const entry = (values: number | readonly number[], c: number): number => (typeof values === 'number' ? values : values[Math.min(c, values.length - 1)]!);
  const scales = Array.from({ length: C }, (_, c) => 1 / entry(std, c));
  const offsets = scales.map((scale, c) => -entry(mean, c) * scale);
  return add(mul(x, x.graph.constant(scales, [1, C, 1, 1])), x.graph.constant(offsets, [1, C, 1, 1]));
}
