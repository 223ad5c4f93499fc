/** Pseudo-labels (Lee 2013): of a model's probabilities, the guesses it is sure enough of, class by class. */
import { UserError } from '@mien/runtime';
import type { PseudoRecipe } from './semi-schema.ts';

/** What a model says of one row. */
export interface Guess {
  /** Class index of the likeliest class, its probability, and the same of the next. */
  readonly guess: number;
  readonly confidence: number;
  readonly second: number;
  readonly secondConfidence: number;
  /** True where the confidence reaches the threshold of the guessed class. */
  readonly accepted: boolean;
}

/** The threshold of each class, [K]. Throws `UserError` naming a class that is none of `labels`. */
export function thresholdsOf(threshold: PseudoRecipe['threshold'], labels: readonly string[]): number[] {
  if (typeof threshold === 'number') return labels.map(() => threshold);
  const unknown = Object.keys(threshold).find((name) => name !== 'other' && !labels.includes(name));
  if (unknown !== undefined) throw new UserError('bad-threshold', `threshold of ${unknown}: there is no such class; the classes are ${labels.join(', ')}`);
  return labels.map((label) => threshold[label] ?? threshold.other ?? 1);
}

/** Guesses for every row. p [N,K]; thresholds [K], above 1 for a class that is never accepted. */
export function guessRows(p: Float32Array, thresholds: readonly number[]): Guess[] {
  const K = thresholds.length;
  return Array.from({ length: p.length / K }, (_, row) => {
    const at = row * K;
    let guess = 0;
    for (let k = 1; k < K; k++) if (p[at + k]! > p[at + guess]!) guess = k;
    let second = guess === 0 ? 1 : 0;
    for (let k = 0; k < K; k++) if (k !== guess && p[at + k]! > p[at + second]!) second = k;
    const confidence = p[at + guess]!;
    return { guess, confidence, second, secondConfidence: p[at + second]!, accepted: confidence >= thresholds[guess]! };
  });
}

/** Fewer guesses than this say nothing of how often guesses so sure are right. */
const fewestGuesses = 10;

/**
 * For each class the lowest confidence from which the guesses of that class are right in at least `precision` of the rows, at every
 * higher confidence too as far as ten guesses tell. p [N,K] and truth [N] of rows that are not to be pseudo-labelled.
 * @returns [K]; 2, which no confidence reaches, for a class that is never so surely right.
 */
export function thresholdsForPrecision(p: Float32Array, truth: ArrayLike<number>, classes: number, precision: number): number[] {
  const byClass = Array.from({ length: classes }, () => [] as { confidence: number; right: boolean }[]);
  const never = new Array<number>(classes).fill(2);
  for (const [row, { guess, confidence }] of guessRows(p, never).entries()) byClass[guess]!.push({ confidence, right: guess === truth[row] });
  return byClass.map((guesses) => {
    guesses.sort((a, b) => b.confidence - a.confidence);
    let threshold = 2;
    let right = 0;
    for (const [i, each] of guesses.entries()) {
      right += Number(each.right);
      // Guesses of one confidence are in or out together.
      if (i + 1 < fewestGuesses || guesses[i + 1]?.confidence === each.confidence) continue;
      if (right < precision * (i + 1)) break;
      threshold = each.confidence;
    }
    return threshold;
  });
}

/** How many guesses of each class were accepted, and how many of them the truth bears out where it is known. */
export interface AcceptedCount {
  readonly label: string;
  readonly guessed: number;
  readonly accepted: number;
  /** Accepted guesses whose truth is known. */
  readonly checked: number;
  /** Of those, how many it bears out. */
  readonly right: number;
}

/** Counts by guessed class. `truth` [N], a number that is no class where a row's label is not known. */
export function countAccepted(guesses: readonly Guess[], labels: readonly string[], truth?: ArrayLike<number>): AcceptedCount[] {
  return labels.map((label, k) => {
    let [guessed, accepted, checked, right] = [0, 0, 0, 0];
    for (const [row, guess] of guesses.entries()) {
      if (guess.guess !== k) continue;
      guessed++;
      if (!guess.accepted) continue;
      accepted++;
      const label = truth?.[row];
      if (label === undefined || label >= labels.length) continue;
      checked++;
      if (label === k) right++;
    }
    return { label, guessed, accepted, checked, right };
  });
}
