/** The truth according to annotators' votes, by a stated protocol. */
import type { Split } from '@mien/data';
import { parseExpression, UserError } from '@mien/runtime';

export interface VotedTruth {
  /** Rows within the split that have a truth, in order. */
  readonly rows: Uint32Array;
  /** Class index of each of `rows`. */
  readonly truth: Uint8Array;
  /** What was done, with what it left out. */
  readonly protocol: string;
}

/** Names of the votes' columns as Mien names them. */
function namesOf(split: Split): string[] {
  return (split.voteNames ?? []).map((name) => parseExpression(name) ?? name.toLowerCase());
}

/** The column of votes for each label; undefined where the data has no votes, or none for one of the labels. */
export function voteColumns(split: Split, labels: readonly string[]): number[] | undefined {
  const names = namesOf(split);
  const columns = labels.map((label) => names.indexOf(label));
  return columns.includes(-1) ? undefined : columns;
}

/**
 * A strict form of FER+'s majority (Barsoum et al. 2016): a row counts where one of `labels` has more than half of all its votes,
 * those on `unknown` and `not a face` included; all other rows are left out. The published code first takes single votes away, which keeps
 * more of the rows people disagree on: figures of the two do not compare.
 * Throws `UserError` where the data has no votes or lacks a column for a label.
 */
export async function majorityTruth(split: Split, labels: readonly string[]): Promise<VotedTruth> {
  const votes = await split.readVotes();
  if (!votes) throw new UserError('no-votes', `split ${split.name}: the data has no votes; import it with --votes`);
  const width = split.voteNames!.length;
  const columns = voteColumns(split, labels);
  if (!columns) {
    const names = namesOf(split);
    const missing = labels.find((label) => !names.includes(label));
    throw new UserError('no-votes', `the votes have no column for ${missing}; they have ${split.voteNames!.join(', ')}`);
  }
  if (votes.every((count) => count === 0))
    throw new UserError('no-votes', `split ${split.name}: the votes of all ${split.count} rows sum to 0; import the votes that belong to these images`);
  const rows: number[] = [];
  const truth: number[] = [];
  let [without, noFace] = [0, 0];
  for (let row = 0; row < split.count; row++) {
    const counts = votes.subarray(row * width, (row + 1) * width);
    const total = counts.reduce((a, b) => a + b, 0);
    const winner = columns.findIndex((column) => 2 * counts[column]! > total);
    if (winner < 0) {
      if (total === 0) without++;
      else if (counts.some((count) => 2 * count > total)) noFace++;
      continue;
    }
    rows.push(row);
    truth.push(winner);
  }
  const left = split.count - rows.length;
  return {
    rows: Uint32Array.from(rows),
    truth: Uint8Array.from(truth),
    protocol: `majority of votes over ${labels.length} classes, more than half of all votes of a row; ${left} of ${split.count} rows left out (${left - noFace - without} without a majority, ${noFace} whose majority is none of these classes, as unknown or no face, ${without} without votes)`,
  };
}
