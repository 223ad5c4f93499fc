/** Finding NaN and infinity in arrays of numbers. */

/** True where every number is finite. */
export function allFinite(values: Float32Array): boolean {
  // NaN and infinity times zero are NaN, and stay NaN in a sum: one multiply-add a value instead of a comparison and a jump.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}

export interface Suspect {
  /** What the numbers are, as `image` or `weight conv1.weight`. */
  readonly what: string;
  readonly values: Float32Array;
  /** Equal parts the numbers fall into, if one is to be named. */
  readonly rows?: number;
}

/** The first suspect to hold NaN or infinity, in words, as `image 3 holds NaN`; undefined where all numbers are finite. */
export function firstNonFinite(suspects: Iterable<Suspect>): string | undefined {
  for (const { what, values, rows } of suspects) {
    const at = values.findIndex((v) => !Number.isFinite(v));
    if (at >= 0) return `${what}${rows ? ` ${Math.floor(at / (values.length / rows))}` : ''} holds ${values[at]}`;
  }
  return undefined;
}
