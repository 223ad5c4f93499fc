/** What is left of an accuracy when rows whose pixels also stand in the training split are taken off. */
import { overlap, type Store } from '@mien/data';
import type { Evaluation } from './evaluate.ts';
import { wilsonInterval } from './metrics.ts';

export interface OverlapFigures {
  /** The split whose pixels were looked for. */
  readonly other: string;
  /** Rows that count and whose pixels stand there too, and how many of them were right. */
  readonly rows: number;
  readonly correct: number;
  /** Accuracy of the rows that are left. */
  readonly without: { readonly n: number; readonly accuracy: number; readonly accuracy95: readonly [number, number] };
}

/** Throws `UserError` `unknown-split`. */
export async function overlapFigures(store: Store, { split, rows, truth, predicted }: Evaluation, other: string): Promise<OverlapFigures> {
  const same = new Set(await overlap(store, split, other));
  let [shared, correct, hits] = [0, 0, 0];
  for (const [i, row] of rows.entries()) {
    const hit = Number(truth[i] === predicted[i]);
    hits += hit;
    if (!same.has(row)) continue;
    shared++;
    correct += hit;
  }
  const n = rows.length - shared;
  return { other, rows: shared, correct, without: { n, accuracy: n ? (hits - correct) / n : 0, accuracy95: wilsonInterval(hits - correct, n) } };
}
