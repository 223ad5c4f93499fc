/** From the lines of a csv to what becomes of a row, with every line checked against the store. */
import { UserError } from '@mien/runtime';
import { largestLabelled, lockedByDefault, type Manifest, noLabel, unlabelledName, unlabelledRows } from '../store/manifest.ts';
import type { FullRow } from '../store/rows.ts';
import type { ReadChange } from './changes.ts';
import { rowKey } from './undo-record.ts';

export type Decision = 'drop' | { split: string; label: number };

const splitName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Hands out the decision for each row as it comes by, and knows which lines met no row. */
export class Decisions {
  readonly #csv: string;
  readonly #manifest: Manifest;
  readonly #touchLocked: boolean;
  readonly #changes = new Map<string, ReadChange>();

  /** @throws UserError `bad-changes` for a source, label or split that cannot be. */
  constructor(csv: string, changes: readonly ReadChange[], manifest: Manifest, touchLocked: boolean) {
    this.#csv = csv;
    this.#manifest = manifest;
    this.#touchLocked = touchLocked;
    const sourceOf = new Map(manifest.sources.map(({ name, split }, index) => [`${name}/${split}`, index]));
    for (const change of changes) {
      const source = sourceOf.get(`${change.source}/${change.split}`);
      if (source === undefined)
        throw this.#fail(change, `the store holds no rows of ${change.source}/${change.split}; it has ${[...sourceOf.keys()].join(', ')}`);
      if (change.action === 'relabel' && !manifest.labels.includes(change.to)) {
        throw this.#fail(change, `expected a label of ${manifest.labels.join(', ')}, came ${JSON.stringify(change.to)}`);
      }
      if (change.action === 'move' && !splitName.test(change.to)) throw this.#fail(change, `${JSON.stringify(change.to)} cannot be the name of a split`);
      this.#changes.set(rowKey(source, change.row), change);
    }
  }

  /**
   * What becomes of a row; undefined where nothing does. Each row is asked for once.
   * @throws UserError `locked-split`.
   */
  take(row: FullRow): Decision | undefined {
    const key = rowKey(row.source, row.row);
    const change = this.#changes.get(key);
    if (!change) return undefined;
    this.#changes.delete(key);
    const decision = { split: row.split, label: row.label };
    if (change.action === 'move') decision.split = change.to;
    else if (change.action === 'relabel') {
      decision.label = this.#manifest.labels.indexOf(change.to);
      // A row that gets its label is no longer among those without.
      if (row.label === noLabel && row.split === unlabelledName) decision.split = this.#learntFrom();
    }
    this.#checkLocks(row, change, decision.split);
    if (change.action === 'drop') return 'drop';
    return decision.split === row.split && decision.label === row.label ? undefined : decision;
  }

  /** @throws UserError `bad-changes` when a line named a row the store does not hold. */
  checkAllTaken(): void {
    const [left] = this.#changes.values();
    if (left) throw this.#fail(left, `the store holds no row ${left.row} of ${left.source}/${left.split}; it may have been dropped before`);
  }

  /** Whether training must refuse a split, after the cleaning. */
  isLocked(split: string): boolean {
    return this.#manifest.splits.find(({ name }) => name === split)?.locked ?? lockedByDefault(split);
  }

  /** Where rows go that get their label: `train`, or what is learnt from in its place. */
  #learntFrom(): string {
    const { splits } = this.#manifest;
    if (splits.some(({ name }) => name === 'train')) return 'train';
    return largestLabelled(splits.filter((split) => unlabelledRows(split) < split.count))?.name ?? 'train';
  }

  /** @param to split it will be in. */
  #checkLocks(row: FullRow, change: ReadChange, to: string): void {
    if (this.isLocked(row.split) && !this.isLocked(to))
      throw this.#fail(change, `${row.split} is a locked test split; its rows cannot be moved to ${to}, where they would be learnt`, 'locked-split');
    const touches = this.isLocked(row.split) || this.isLocked(to);
    if (touches && !this.#touchLocked) {
      throw this.#fail(
        change,
        'this changes a locked test split, whose figures then compare with no others; take the line out, or allow it with --locked',
        'locked-split',
      );
    }
  }

  #fail(change: ReadChange, what: string, code = 'bad-changes'): UserError {
    return new UserError(code, `${this.#csv}, line ${change.line}: ${what}`);
  }
}
