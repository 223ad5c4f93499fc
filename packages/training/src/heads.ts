/** What each head of a network is taught. */
import type { Split } from '@mien/data';
import { labelHead, votesHead } from '@mien/evaluation';
import { expressions, parseExpression, UserError } from '@mien/runtime';
import type { HeadTargets } from './batches.ts';
import type { Recipe, Stage } from './recipe-schema.ts';
import { hiddenLabel } from './rows.ts';
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
  /** Factor of a row's targets of the label. */
  readonly rowWeight?: ((row: number) => number) | undefined;
}

/** Votes of a split, or undefined where the data has none; none of a row whose label must not be read. */
export async function votesOf(split: Split): Promise<Votes | undefined> {
  const counts = await split.readVotes();
  if (!counts) return undefined;
  const names = split.voteNames!;
  for (const [row, label] of split.labels.entries()) if (label === hiddenLabel) counts.fill(0, row * names.length, (row + 1) * names.length);
  return { names, counts };
}

/** Targets of every head. Throws `UserError` when the data lacks the votes that are asked for. */
export function headTargets({ heads, split, rows, loss, votes, rowWeight }: TeachOptions): Map<string, HeadTargets> {
  return new Map(
    heads.map(({ name, labels }): [string, HeadTargets] => {
      if (name === labelHead) {
        const write = labelTargets({ labels: split.labels, labelNames: labels, rows, loss, votes, canonical, rowWeight });
        return [name, { classes: labels.length, write }];
      }
      if (!votes) throw new UserError('no-votes', 'heads.votes needs data with votes; import it with --votes, or set heads.votes=0');
      return [name, { classes: labels.length, write: voteTargets(votes, labels, canonical) }];
    }),
  );
}
