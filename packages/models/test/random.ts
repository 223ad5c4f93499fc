/** Numbers for tests: the same at every run, no two alike. */
import type { Random } from '@mien/engine';

/** A linear congruential generator is enough here and needs no other package. */
export function randomSource(seed: number): Random {
  let state = (seed * 2654435761) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) + 0.5) / 2 ** 24;
  };
  return { next, normal: () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()) };
}
