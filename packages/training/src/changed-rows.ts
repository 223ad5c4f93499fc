/** `data.changes`: a cleaning for one training alone. The csv is the one `mien data clean` applies; the store stays as it is. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { noLabel, readChanges, type Split, type Store } from '@mien/data';
import { UserError } from '@mien/runtime';

export interface ChangedRows {
  /** The split with the labels that rows were given. */
  readonly split: Split;
  /** The rows that are left, in their order, then those that were given a label. */
  readonly rows: Uint32Array;
  /** Of `bare` and `hidden`, the rows that are left without a label, in their order. */
  readonly unlabelled: Uint32Array;
  readonly dropped: number;
  readonly relabelled: number;
  /** Sha256 of each file. */
  readonly checksums: readonly string[];
}

export interface RowsToChange {
  readonly rows: Uint32Array;
  /** Rows that came without a label. */
  readonly bare: Uint32Array;
  /** Rows whose labels the recipe hides: they can be dropped, and not be given labels. */
  readonly hidden: Uint32Array;
}

/**
 * Drops and relabels `rows` of the split by the csv files, the later ones after the earlier; rows of `bare` join them where a line
 * gives them a label, and rows of `hidden` are only dropped. Lines about other rows of the store, as those held out to choose the epoch on, say nothing here.
 * Throws `UserError` as reading a csv does, `bad-changes` for a row the store does not hold, a label it does not know, or a move.
 */
export async function applyChanges(store: Store, split: Split, { rows, bare, hidden }: RowsToChange, files: readonly string[]): Promise<ChangedRows> {
  const unlabelled = Uint32Array.from([...bare, ...hidden]).sort();
  if (files.length === 0) return { split, rows, unlabelled, dropped: 0, relabelled: 0, checksums: [] };
  const { sources } = store.manifest;
  const rowOf = await placesIn(store, split);
  const taught = new Set([...rows, ...bare]);
  const hides = new Set(hidden);
  const labels = split.labels.slice();
  const drops = new Set<number>();
  const relabels = new Set<number>();
  for (const file of files) {
    for (const { source, split: from, row, action, to, line } of await readChanges(file)) {
      const fail = (what: string): UserError => new UserError('bad-changes', `${file}, line ${line}: ${what}`);
      const known = sources.find((each) => each.name === source && each.split === from);
      if (!known || row >= known.count) throw fail(`the store never held a row ${row} of ${source}/${from}`);
      if (action === 'move') throw fail('a recipe can drop and relabel rows; to move them between splits, apply the csv with `mien data clean`');
      const at = rowOf.get(`${source}/${from}/${row}`);
      if (at === undefined || !(taught.has(at) || hides.has(at))) continue;
      if (action === 'drop') {
        drops.add(at);
        continue;
      }
      if (hides.has(at)) continue;
      const label = split.labelNames.indexOf(to);
      if (label < 0) throw fail(`expected a label of ${split.labelNames.join(', ')}, came ${JSON.stringify(to)}`);
      if (labels[at] !== label) relabels.add(at);
      labels[at] = label;
    }
  }
  return {
    split: split.withLabels(labels),
    rows: Uint32Array.from([...rows, ...bare]).filter((row) => !drops.has(row) && labels[row] !== noLabel),
    unlabelled: unlabelled.filter((row) => !drops.has(row) && labels[row] === noLabel),
    dropped: drops.size,
    relabelled: relabels.size,
    checksums: files.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex')),
  };
}

/** Row of the split by identity, `source/split/row`. */
async function placesIn(store: Store, split: Split): Promise<Map<string, number>> {
  const { source, row } = await split.readProvenance();
  const { sources } = store.manifest;
  return new Map(Array.from(row, (number, at) => [`${sources[source[at]!]!.name}/${sources[source[at]!]!.split}/${number}`, at]));
}
