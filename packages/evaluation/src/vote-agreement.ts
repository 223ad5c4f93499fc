/** How well a model's probabilities agree with the distribution of annotators' votes. */
import type { Split } from '@mien/data';
import { voteColumns } from './votes.ts';

export interface VoteAgreement {
  /** Rows with at least one vote for one of the model's classes; others are left out. */
  readonly n: number;
  readonly leftOut: number;
  /** Mean cross-entropy −Σ q ln p of the votes' shares q and the probabilities p, nats. */
  readonly nll: number;
  /** Mean Kullback–Leibler divergence Σ q ln(q / p), nats: what is left of `nll` once the annotators' own disagreement is taken off. */
  readonly kl: number;
  /** Mean entropy of the votes, nats: the least `nll` that can be had. */
  readonly entropy: number;
}

/** Smallest probability that counts, so that one sure mistake does not make the mean infinite. */
const smallest = 1e-7;

/**
 * Compares probabilities [N,K] of `rows` with the votes for the same classes, shares of the votes those classes got.
 * Undefined where the data has no votes, no column for one of the classes, or not one vote for them.
 */
export async function voteAgreement(split: Split, rows: ArrayLike<number>, p: Float32Array, labels: readonly string[]): Promise<VoteAgreement | undefined> {
  const columns = voteColumns(split, labels);
  if (!columns) return undefined;
  const votes = (await split.readVotes())!;
  const width = split.voteNames!.length;
  const K = labels.length;
  let [n, nll, entropy] = [0, 0, 0];
  for (let i = 0; i < rows.length; i++) {
    const counts = columns.map((column) => votes[rows[i]! * width + column]!);
    const total = counts.reduce((a, b) => a + b, 0);
    if (total === 0) continue;
    n++;
    for (const [k, count] of counts.entries()) {
      const q = count / total;
      if (q === 0) continue;
      nll -= q * Math.log(Math.max(smallest, p[i * K + k]!));
      entropy -= q * Math.log(q);
    }
  }
  if (n === 0) return undefined;
  return { n, leftOut: rows.length - n, nll: nll / n, kl: (nll - entropy) / n, entropy: entropy / n };
}
