/** exp(zᵢ/T) / Σ exp(zⱼ/T), computed from the largest down so that nothing overflows. logits [K] → [K] in 0…1, sum 1. */
export function softmax(logits: ArrayLike<number>, temperature = 1): Float64Array {
  const p = Float64Array.from(logits, (z) => z / temperature);
  const largest = p.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += p[i] = Math.exp(p[i]! - largest);
  for (let i = 0; i < p.length; i++) p[i]! /= sum;
  return p;
}
