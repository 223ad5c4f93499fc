/** Network outputs made comparable over time. */

/**
 * (z/T − offset), centred on 0: softmax of the result is the calibrated, corrected probability. Centring takes away what all
 * classes share, which softmax does not see but a filter would. logits [K], offset [K] → [K].
 */
export function calibratedLogits(logits: ArrayLike<number>, temperature: number, offset?: ArrayLike<number>): Float64Array {
  const z = Float64Array.from(logits, (v, k) => v / temperature - (offset?.[k] ?? 0));
  let mean = 0;
  for (const v of z) mean += v / z.length;
  return z.map((v) => v - mean);
}
