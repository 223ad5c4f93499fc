/** Pseudo-labels as a csv that a person reads and edits, and that `mien data clean` and a recipe's `data.changes` apply. */
import { formatChanges, noLabel, type ProposedChange, type Split, type StoreSource } from '@mien/data';
import type { Guess } from './pseudo-labels.ts';

export interface PseudoCsvOptions {
  readonly guesses: readonly Guess[];
  /** Rows of the split that were asked about, in the order of the guesses. */
  readonly rows: Uint32Array;
  readonly split: Split;
  readonly sources: readonly StoreSource[];
  /** False where the labels of the rows must not be read; the column is empty then. */
  readonly labelled: boolean;
  /** Only rows that an accepted guess would give another label. */
  readonly changesOnly?: boolean;
}

interface PseudoLine extends ProposedChange {
  readonly guess: string;
  readonly confidence: string;
  readonly second: string;
  readonly second_confidence: string;
}

/**
 * A line for each row. `action` accepts or refuses the guess in `to`: `relabel` where it is sure enough and not the label already, else
 * `keep`. A person changes one into the other, or writes another class into `to`.
 */
export async function formatPseudoLabels({ guesses, rows, split, sources, labelled, changesOnly = false }: PseudoCsvOptions): Promise<string> {
  const { source, row } = await split.readProvenance();
  const names = split.labelNames;
  const lines = guesses.map((each, i): PseudoLine => {
    const at = rows[i]!;
    const from = sources[source[at]!]!;
    const label = labelled && split.labels[at] !== noLabel ? names[split.labels[at]!]! : '';
    const guess = names[each.guess]!;
    const relabels = each.accepted && guess !== label;
    return {
      source: from.name,
      split: from.split,
      row: row[at]!,
      action: relabels ? 'relabel' : 'keep',
      to: guess,
      in: split.name,
      label,
      reason: !each.accepted ? 'not sure enough' : relabels ? 'the model is sure' : 'the model agrees',
      guess,
      confidence: each.confidence.toFixed(4),
      second: names[each.second]!,
      second_confidence: each.secondConfidence.toFixed(4),
    };
  });
  return formatChanges(changesOnly ? lines.filter(({ action }) => action === 'relabel') : lines, ['guess', 'confidence', 'second', 'second_confidence']);
}
