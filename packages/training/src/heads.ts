/** What each head of a network is taught. */
import type { Split } from '@mien/data';
import { labelHead, votesHead } from '@mien/evaluation';
import { expressions, parseExpression, UserError } from '@mien/runtime';
import type { HeadTargets } from './batches.ts';
import type { Recipe, Stage } from './recipe-schema.ts';
import { labelTargets, type Votes, voteTargets } from './targets.ts';

/** Classes of the votes head: FER+ votes on contempt too (Barsoum et al. 2016). */
export const voteLabels: readonly string[] = [...expressions, 'contempt'];

export interface Head {
  readonly name: string;
  readonly labels: readonly string[];
  /** Weight of its loss. */
  readonly weight: number;
}

/** The outputs a recipe asks for; that of the label, which accuracy is counted on, first. */
export function headsOf({ heads }: Recipe, labels: readonly string[]): readonly Head[] {
  const main = { name: labelHead, labels, weight: heads.expression };
  return heads.votes > 0 ? [main, { name: votesHead, labels: voteLabels, weight: heads.votes }] : [main];
}

/** Our name of a column of votes, as `happiness` → `happy`. */
function canonical(name: string): string {
  return parseExpression(name) ?? name.trim().toLowerCase();
}

export interface TeachOptions {
  readonly heads: readonly Head[];
  readonly split: Split;
  readonly rows: Uint32Array;
  readonly loss: Stage['loss'];
  readonly votes: Votes | undefined;
}

/** Votes of every row of a split, or undefined where the data has none. */
export async function votesOf(split: Split): Promise<Votes | undefined> {
  const counts = await split.readVotes();
  return counts && { names: split.voteNames!, counts };
}

/** Targets of every head. Throws `UserError` when the data lacks the votes that are asked for. */
export function headTargets({ heads, split, rows, loss, votes }: TeachOptions): Map<string, HeadTargets> {
  return new Map(
    heads.map(({ name, labels }): [string, HeadTargets] => {
      if (name === labelHead) {
        const write = labelTargets({ labels: split.labels, labelNames: labels, rows, loss, votes, canonical });
        return [name, { classes: labels.length, write }];
      }
      if (!votes) throw new UserError('no-votes', 'heads.votes needs data with votes; import it with --votes, or set heads.votes=0');
      return [name, { classes: labels.length, write: voteTargets(votes, labels, canonical) }];
    }),
  );
}
