/** What a network is taught for each row: the label, softened as the recipe says, and the annotators' votes. */
import { UserError } from '@mien/runtime';
import type { Stage } from './recipe-schema.ts';

/** Votes of annotators for some rows of a split: [N, names.length], a row without votes all 0. */
export interface Votes {
  readonly names: readonly string[];
  readonly counts: Uint8Array;
}

/** Writes K values at `offset` for a row of the split; they sum to its weight, or to 0 where nothing is known of it. */
export type WriteTarget = (row: number, out: Float32Array, offset: number) => void;

/**
 * Weight of each class in the loss, (n / (K · n_class))^power, then scaled so that the mean over the rows is 1; classes
 * without rows weigh 0.
 */
export function classWeights(labels: ArrayLike<number>, rows: ArrayLike<number>, classes: number, power = 1): Float64Array {
  const counts = new Float64Array(classes);
  for (let i = 0; i < rows.length; i++) counts[labels[rows[i]!]!]!++;
  const raw = counts.map((count) => (count ? (rows.length / count) ** power : 0));
  const mean = raw.reduce((sum, weight, k) => sum + weight * counts[k]!, 0) / rows.length;
  return raw.map((weight) => weight / mean);
}

/** Column of the votes for each of `labels`. Throws `UserError` naming the label no column fits. */
function columnsFor(labels: readonly string[], votes: Votes, canonical: (name: string) => string): number[] {
  const columns = votes.names.map(canonical);
  return labels.map((label) => {
    const at = columns.indexOf(label);
    if (at < 0) throw new UserError('no-votes', `the votes have no column for ${label}; they have ${votes.names.join(', ')}`);
    return at;
  });
}

/** The distribution of a row's votes over some columns; false where none of them has a vote. */
function writeVotes(votes: Votes, columns: readonly number[], row: number, out: Float32Array, offset: number, scale: number): boolean {
  const at = row * votes.names.length;
  let total = 0;
  for (const column of columns) total += votes.counts[at + column]!;
  if (total === 0) return false;
  for (const [k, column] of columns.entries()) out[offset + k] = out[offset + k]! + (scale * votes.counts[at + column]!) / total;
  return true;
}

export interface LabelTargetOptions {
  readonly labels: Uint8Array;
  readonly labelNames: readonly string[];
  /** Rows trained on, for class weights. */
  readonly rows: Uint32Array;
  readonly loss: Stage['loss'];
  readonly votes?: Votes | undefined;
  /** Our name of a vote's column, as `happiness` → `happy`. */
  readonly canonical: (name: string) => string;
  /** Factor of a row's targets; default: 1 for every row. */
  readonly rowWeight?: ((row: number) => number) | undefined;
}

/** Targets of the labels, with smoothing, class weights and a share of the votes. */
export function labelTargets({ labels, labelNames, rows, loss, votes, canonical, rowWeight = () => 1 }: LabelTargetOptions): WriteTarget {
  const K = labelNames.length;
  const power = loss.classWeights === 'none' ? 0 : loss.classWeights === 'balanced' ? 1 : loss.classWeights;
  const weights = classWeights(labels, rows, K, power);
  if (loss.votesShare > 0 && !votes) throw new UserError('no-votes', 'loss.votesShare needs data with votes; import it with --votes, or set loss.votesShare=0');
  const columns = loss.votesShare > 0 ? columnsFor(labelNames, votes!, canonical) : [];
  return (row, out, offset) => {
    const label = labels[row]!;
    const weight = weights[label]! * rowWeight(row);
    const smooth = (weight * loss.labelSmoothing) / K;
    out.fill(smooth, offset, offset + K);
    let hard = weight * (1 - loss.labelSmoothing);
    if (loss.votesShare > 0 && writeVotes(votes!, columns, row, out, offset, hard * loss.votesShare)) hard *= 1 - loss.votesShare;
    out[offset + label] = out[offset + label]! + hard;
  };
}

/** Targets of a head that learns the distribution of votes over `labels`; rows without such votes get zeros and teach nothing. */
export function voteTargets(votes: Votes, labels: readonly string[], canonical: (name: string) => string): WriteTarget {
  const columns = columnsFor(labels, votes, canonical);
  return (row, out, offset) => {
    out.fill(0, offset, offset + labels.length);
    writeVotes(votes, columns, row, out, offset, 1);
  };
}
