/** Which look belongs to a moment of a film. */
import type { Look } from '../live/look.ts';

/** A look older than this says nothing about the frame on show. */
const staleSeconds = 0.25;

/** The last look at or before a moment of the film; undefined when there is none close by. `looks` in order of time. */
export function lookAt(looks: readonly Look[], seconds: number): Look | undefined {
  let [low, high] = [0, looks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (looks[middle]!.frame.time <= seconds + 1e-3) low = middle + 1;
    else high = middle;
  }
  const found = looks[low - 1];
  return found && seconds - found.frame.time < staleSeconds ? found : undefined;
}
