/** Where on the face the network saw what: small grids to draw over a face. */

/** Values of one map, row by row; the grid covers `maps.square` of the face, not its box. */
export interface MapGrid {
  readonly width: number;
  readonly height: number;
  /** [height, width] */
  readonly values: Float32Array;
}

/** Class-activation maps of all labels and, where the network has it, spatial attention. */
export interface FaceMaps {
  /** [K,h,w]: how much each place speaks for each label, in logits (their mean over the places, plus the bias, is the label's logit). */
  readonly activation?: { readonly shape: readonly number[]; readonly data: Float32Array };
  /** [1,h,w] in 0…1: how much each place counts. */
  readonly attention?: { readonly shape: readonly number[]; readonly data: Float32Array };
}

function gridOf({ shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array }, index: number): MapGrid {
  const [, height, width] = shape as [number, number, number];
  return { width, height, values: data.slice(index * height * width, (index + 1) * height * width) };
}

/** Stretched so that the least value is 0 and the largest 1; a flat map is 0 everywhere. */
export function stretched({ width, height, values }: MapGrid): MapGrid {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return { width, height, values: values.map((v) => (high > low ? (v - low) / (high - low) : 0)) };
}

/** Divided by the largest absolute value: −1…1, where 0 stays 0; a map of zeros stays one. */
export function balanced({ width, height, values }: MapGrid): MapGrid {
  const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return { width, height, values: values.map((v) => (largest > 0 ? v / largest : 0)) };
}

/** What spoke for label k, in logits by place; undefined when the network gives no such maps. */
export function whyLabel({ activation }: FaceMaps, k: number): MapGrid | undefined {
  return activation && gridOf(activation, k);
}

/** Why label `shown` and not `other`: by place, how much more it speaks for the one than for the other (negative: for the other). */
export function whyNot({ activation }: FaceMaps, shown: number, other: number): MapGrid | undefined {
  if (!activation) return undefined;
  const a = gridOf(activation, shown);
  const b = gridOf(activation, other);
  return { ...a, values: a.values.map((v, i) => v - b.values[i]!) };
}

/** Where the network looked, 0…1 by place; undefined for networks without spatial attention. */
export function whereItLooked({ attention }: FaceMaps): MapGrid | undefined {
  return attention && gridOf(attention, 0);
}
