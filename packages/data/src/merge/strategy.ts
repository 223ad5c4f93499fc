/** Which split a row of a merged store goes to. */
import { UserError } from '@mien/runtime';
import { partition, stratifiedFolds } from '../partition.ts';
import { lockedByDefault, noLabel, unlabelledName } from '../store/manifest.ts';

/**
 * - `into-train`: the first store keeps its splits, all other rows join its `train`.
 * - `shares`: the pooled rows are divided anew into train, val and test.
 * - `fold`: of k equal parts, one becomes `val` and the others `train`.
 *
 * Rows without a label cannot be measured on: of a split called `unlabelled` they stay there, others join `train`; those of a
 * person whose labelled faces are held out or locked go to `unlabelled-apart`, so that nobody learns from them by accident.
 */
export type SplitStrategy =
  | { kind: 'into-train' }
  | { kind: 'shares'; shares: readonly [train: number, val: number, test: number]; seed: number }
  | { kind: 'fold'; folds: number; fold: number; seed: number };

/** A row that can go anywhere: unlocked, or freed on purpose. */
export interface PooledRow {
  /** Index of the store it comes from. */
  input: number;
  split: string;
  /** In the common labels, or `noLabel`. */
  label: number;
  /** Number of the person over all stores; 0 where unknown. */
  subject: number;
}

const apartSplit = `${unlabelledName}-apart`;

/** Where a row without a label goes. `heldOut`: people who are measured on. */
function splitWithoutLabel({ split, subject }: PooledRow, heldOut: ReadonlySet<number>): string {
  if (heldOut.has(subject)) return apartSplit;
  // One that was kept apart never joins `train` by itself: whose it was may be held out no longer, or not be known.
  if (split === apartSplit) return subject > 0 ? unlabelledName : apartSplit;
  return split === unlabelledName ? split : 'train';
}

/**
 * The new split of each pooled row.
 * @param locked people of locked splits, which are not pooled.
 */
export function assignSplits(rows: readonly PooledRow[], strategy: SplitStrategy, locked: ReadonlySet<number> = new Set()): string[] {
  if (strategy.kind === 'into-train') {
    return rows.map((row) => (row.input === 0 ? row.split : row.label === noLabel ? splitWithoutLabel(row, locked) : 'train'));
  }
  const unlabelled = rows.filter(({ label }) => label === noLabel).length;
  if (unlabelled > 0) {
    const labelled = assignSplits(
      rows.filter(({ label }) => label !== noLabel),
      strategy,
    );
    let next = 0;
    const heldOut = new Set(locked);
    const named = rows.map(({ label, subject }) => {
      if (label === noLabel) return undefined;
      const split = labelled[next++] as string;
      if (subject > 0 && split !== 'train') heldOut.add(subject);
      return split;
    });
    return rows.map((row, i) => named[i] ?? splitWithoutLabel(row, heldOut));
  }
  const labels = rows.map(({ label }) => label);
  const subjects = rows.map(({ subject }) => subject);
  if (strategy.kind === 'shares') {
    const names = ['train', 'val', 'test'];
    return [...partition(labels, strategy.shares, strategy.seed, subjects)].map((part) => names[part] as string);
  }
  const { folds, fold, seed } = strategy;
  if (!(fold >= 1 && fold <= folds)) throw new UserError('bad-option', `fold ${fold}: expected a number from 1 to ${folds}`);
  return [...stratifiedFolds(labels, folds, seed, subjects)].map((part) => (part === fold - 1 ? 'val' : 'train'));
}

/** The name under which a locked split stands beside the new ones, so that its rows never mix with others. */
export function apartName(dataset: string, split: string, taken: ReadonlySet<string>): string {
  return taken.has(split) ? `${dataset}-${split}` : split;
}

/** In words, for the history. */
export function describeStrategy(strategy: SplitStrategy): string {
  if (strategy.kind === 'into-train') return 'merged into train';
  if (strategy.kind === 'fold') return `fold ${strategy.fold} of ${strategy.folds}, seed ${strategy.seed}`;
  return `${strategy.shares.map((share) => +(100 * share).toFixed(2)).join(':')}, seed ${strategy.seed}`;
}

/** Whether training must refuse a split of the new store. */
export function isLockedAfter(split: string, kept: ReadonlySet<string>): boolean {
  return kept.has(split) || lockedByDefault(split);
}
