/**
 * Successive halving (Jamieson & Talwalkar 2016): all candidates train for a few epochs, the better part goes on, until few
 * train to the end. A candidate is one training throughout, paused and resumed, whose schedule is that of all its epochs: whoever
 * reaches the end has the weights of a training without halving, and whoever is compared before is compared in mid-schedule.
 */
import { UserError } from '@mien/runtime';

export interface Halving {
  /** One candidate in `eta` goes on. */
  readonly eta: number;
  /** Epochs at which candidates are compared, ascending; the last are all of them. */
  readonly rungs: readonly number[];
}

export interface HalvingOptions {
  readonly epochs: number;
  readonly candidates: number;
  readonly eta: number;
  /** Fewest epochs before the first comparison. */
  readonly first: number;
}

/** How many candidates stand on each rung. */
export function countsOf(candidates: number, { eta, rungs }: Halving): number[] {
  const counts = [candidates];
  while (counts.length < rungs.length) counts.push(Math.max(1, Math.floor(counts.at(-1)! / eta)));
  return counts;
}

/** Rungs at epochs, epochs/eta, epochs/eta² …, as many as candidates and `first` allow. Throws `UserError` `bad-sweep` where that is none. */
export function layOutHalving({ epochs, candidates, eta, first }: HalvingOptions): Halving {
  let steps = 0;
  for (let count = candidates; count > 1 && epochs / eta ** (steps + 1) >= first; steps++) count = Math.max(1, Math.floor(count / eta));
  if (steps === 0) {
    throw new UserError(
      'bad-sweep',
      `--halving: needs two candidates or more and ${eta} × ${first} epochs or more to compare them before the end; there are ${candidates} of ${epochs} epochs`,
    );
  }
  return { eta, rungs: Array.from({ length: steps + 1 }, (_, i) => Math.max(1, Math.round(epochs / eta ** (steps - i)))) };
}

/** The best `keep` of the scores by their places, in ascending order of place; of equal scores the earlier. NaN counts as the lowest. */
export function bestOf(scores: readonly number[], keep: number): number[] {
  const value = (i: number): number => (Number.isNaN(scores[i]!) ? Number.NEGATIVE_INFINITY : scores[i]!);
  const order = scores.map((_, i) => i).sort((a, b) => (value(a) === value(b) ? a - b : value(b) - value(a)));
  return order.slice(0, keep).sort((a, b) => a - b);
}
