/** Numbers for tests: the same at every run, no two alike. */

/** A linear congruential generator is enough here and needs no other package. */
export function randomSource(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) + 0.5) / 2 ** 24;
  };
}

/** Uniform in [low, high). */
export function uniform(length: number, seed: number, low = -1, high = 1): Float32Array {
  const next = randomSource(seed + 1);
  return Float32Array.from({ length }, () => low + (high - low) * next());
}

/** In random order, the numbers −1 … 1 at equal distances 2 / (length − 1): no ties, and none close to one. */
export function spaced(length: number, seed: number): Float32Array {
  const next = randomSource(seed + 1);
  const values = Float32Array.from({ length }, (_, i) => (2 * i) / Math.max(1, length - 1) - 1);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
  return values;
}
