/** The new split of every row of a merged store, decided before any row is written. */
import { noLabel } from '../store/manifest.ts';
import type { Store } from '../store/store.ts';
import { apartName, assignSplits, type PooledRow, type SplitStrategy } from './strategy.ts';

export interface MergeInput {
  store: Store;
  /** Class index in the common labels of each of the store's; −1 for dropped. */
  labels: readonly number[];
  /** Index of the store's first source among all. */
  firstSource: number;
}

/** A row's label among the common ones; −1 for dropped. A row without one stays without. */
export function labelIn(labels: readonly number[], label: number): number {
  return label === noLabel ? noLabel : (labels[label] as number);
}

export interface SplitPlan {
  /** @param position of the row within its split; one that is dropped is not to be asked for. */
  splitOf(input: number, split: string, position: number): string;
  /** Splits of the new store that are locked because they were. */
  locked: ReadonlySet<string>;
}

/** @param withLocked whether rows of locked splits are divided with the others. */
export async function planSplits(inputs: readonly MergeInput[], strategy: SplitStrategy, withLocked: boolean): Promise<SplitPlan> {
  const pooled: PooledRow[] = [];
  /** Place in `pooled` of each row of a split; −1 for rows that are dropped or stay where they are. */
  const places = new Map<string, Int32Array>();
  const apart = new Map<string, string>();
  const taken = new Set(strategy.kind === 'shares' ? ['train', 'val', 'test'] : strategy.kind === 'fold' ? ['train', 'val'] : inputs[0]?.store.splitNames);
  let people = 0;
  const peopleLocked = new Set<number>();
  for (const [input, { store, labels }] of inputs.entries()) {
    const people0 = people;
    for (const name of store.splitNames) {
      const key = `${input}/${name}`;
      const split = await store.split(name);
      const subjects = await split.readSubjects();
      people = Math.max(people, people0 + (subjects?.names.length ?? 0));
      if (split.locked && !withLocked && !(strategy.kind === 'into-train' && input === 0)) {
        const own = apartName(store.manifest.name, name, taken);
        taken.add(own);
        apart.set(key, own);
        for (const subject of subjects?.subject ?? []) if (subject > 0) peopleLocked.add(people0 + subject);
        continue;
      }
      const place = new Int32Array(split.count).fill(-1);
      for (let position = 0; position < split.count; position++) {
        const label = labelIn(labels, split.labels[position] as number);
        if (label < 0) continue;
        place[position] = pooled.length;
        const subject = subjects?.subject[position] ?? 0;
        pooled.push({ input, split: name, label, subject: subject && people0 + subject });
      }
      places.set(key, place);
    }
  }
  const assigned = assignSplits(pooled, strategy, peopleLocked);
  const locked = new Set(apart.values());
  const first = inputs[0]?.store;
  if (strategy.kind === 'into-train') for (const name of first?.splitNames ?? []) if (first?.isLocked(name)) locked.add(name);
  const splitOf = (input: number, split: string, position: number): string => {
    const key = `${input}/${split}`;
    return apart.get(key) ?? (assigned[places.get(key)?.[position] as number] as string);
  };
  return { splitOf, locked };
}
