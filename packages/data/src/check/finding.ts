/** What a check says: a verdict in plain words, and the rows it is about. */
import type { SplitColumns } from '../store/rows.ts';
import type { Group } from './duplicates.ts';
import { placeOf, type Scan } from './scan.ts';

/** `fine`: nothing to do. `note`: good to know. `warning`: look at it. `problem`: figures or training suffer. */
export type Level = 'fine' | 'note' | 'warning' | 'problem';

export interface Finding {
  /** Stable, for programs: `duplicates`, `constant`. */
  id: string;
  title: string;
  level: Level;
  /** One or two sentences: what was found, what it does, what to do. */
  verdict: string;
  /** Rows it is about, by their numbers in the scan, the most striking first. */
  rows: readonly number[];
  /** Where rows belong together: groups rather than single rows. `rows` is then empty. */
  groups?: readonly Group[] | undefined;
  /** Said under a row's image, in the order of `rows`. */
  captions?: readonly string[] | undefined;
  /** Class index that each of `rows` more likely has. */
  suggested?: readonly number[] | undefined;
  /** How much speaks for each suggestion, 0…1. */
  certainty?: readonly number[] | undefined;
}

/** What every check is given. */
export interface CheckContext {
  scan: Scan;
  /** Columns of each split, in the order of the scan's. */
  columns: readonly SplitColumns[];
  /** Index of the split that models learn from; the others measure. −1 where the store has none to learn from. */
  train: number;
}

/** Names a row for ever: source, split of the source and row number, with `/` between. */
export function identityOf({ scan, columns }: CheckContext, i: number): { source: string; split: string; row: number } {
  const { position } = placeOf(scan, i);
  const column = columns[scan.splitOf[i] as number] as SplitColumns;
  const source = scan.store.manifest.sources[column.source[position] as number];
  return { source: source?.name ?? '', split: source?.split ?? '', row: column.row[position] as number };
}

/** `1 image`, `2,805 images`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? singular : plural}`;
}
