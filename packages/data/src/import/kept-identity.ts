/**
 * Rows of a store that were written as Parquet and come back: they are who they were (source, split of the source, row, person), so
 * that cards, decisions of a cleaning and splits by person still know them.
 */
import { UserError } from '@mien/runtime';
import type { Manifest, StoreSource } from '../store/manifest.ts';
import type { SplitMark } from '../store/split-mark.ts';

/** The columns they stand in. */
export const identityColumns = ['source', 'source_split', 'row', 'subject'] as const;
type KnownStore = NonNullable<SplitMark['store']>;
const largestRow = 2 ** 32 - 1;

/** What a row says of itself, as it was read. */
export interface IdentityValues {
  readonly source?: unknown;
  readonly source_split?: unknown;
  readonly row?: unknown;
  readonly subject?: unknown;
}

export interface KeptIdentityRow {
  readonly source?: number | undefined;
  readonly row?: number | undefined;
  readonly subject?: string | undefined;
}

export class KeptIdentity {
  readonly name: string;
  readonly subjects: boolean;
  readonly align: Manifest['align'];
  readonly #isRenamed: boolean;
  readonly #sources: ReadonlyMap<string, StoreSource>;
  /** Those of the sources that rows came from. */
  readonly #numbers = new Map<string, number>();
  readonly #seen = new Set<number>();

  private constructor(stores: readonly [KnownStore, ...KnownStore[]], newName: string | undefined) {
    this.#sources = new Map(stores.flatMap(({ sources }) => sources).map((source) => [keyOf(source.name, source.split), source]));
    this.name = newName ?? stores[0].name;
    // Under the name it had its rows are who they were.
    this.#isRenamed = this.name !== stores[0].name;
    this.subjects = stores.some(({ subjects }) => subjects);
    this.align = stores[0].align;
  }

  /**
   * Undefined where a file does not tell of its store: then rows are numbered as they come.
   * @param newName a new name for the data: rows keep their people and are numbered anew.
   * @throws UserError `bad-parquet` where some files hold level faces and some do not.
   */
  static of(root: string, marks: readonly (SplitMark | undefined)[], newName: string | undefined): KeptIdentity | undefined {
    const [first, ...others] = marks.map((mark) => mark?.store);
    if (first === undefined || !others.every((store) => store !== undefined)) return undefined;
    if (others.some(({ align }) => align !== first.align))
      throw new UserError('bad-parquet', `${root}: some of the files hold level faces and some do not; import them one by one`);
    return new KeptIdentity([first, ...others], newName);
  }

  /** The sources of the rows looked at, which `read` counts in; undefined where rows are numbered anew. */
  get sources(): StoreSource[] | undefined {
    return this.#isRenamed ? undefined : [...this.#numbers.keys()].map((key) => this.#sources.get(key)!);
  }

  /** Every row must be looked at before the first is read: a part of a store must not claim the sources of the others. */
  lookAt({ source, source_split }: IdentityValues): void {
    const key = keyOf(textOf(source), textOf(source_split));
    if (this.#sources.has(key) && !this.#numbers.has(key)) this.#numbers.set(key, this.#numbers.size);
  }

  /** @param name of the row, for messages. @throws UserError `bad-parquet` for a row that its file does not account for, or that came before. */
  read(values: IdentityValues, name: string): KeptIdentityRow {
    const subject = textOf(values.subject) || undefined;
    if (this.#isRenamed) return { subject };
    const source = this.#numbers.get(keyOf(textOf(values.source), textOf(values.source_split)));
    const row = typeof values.row === 'bigint' || typeof values.row === 'number' ? Number(values.row) : -1;
    if (source === undefined || !(Number.isInteger(row) && row >= 0 && row <= largestRow))
      throw new UserError(
        'bad-parquet',
        `${name}: expected where the row came from (source, source_split, row) as in the file's metadata, came ${textOf(values.source)}/${textOf(values.source_split)}/${values.row}; give the data another --name to number its rows anew`,
      );
    const key = source * (largestRow + 1) + row;
    if (this.#seen.has(key))
      throw new UserError(
        'bad-parquet',
        `${name}: row ${row} of ${textOf(values.source)}/${textOf(values.source_split)} came before; leave one of the two out, or give the data another --name to number its rows anew`,
      );
    this.#seen.add(key);
    return { source, row, subject };
  }
}

function keyOf(name: string, split: string): string {
  return JSON.stringify([name, split]);
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value === null || value === undefined ? '' : String(value);
}
