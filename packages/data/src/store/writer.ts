/** Writing a store, row by row, rows of several splits in any order. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendFileTo, syncToDisk } from './growing-file.ts';
import {
  formatVersionOf,
  type HistoryEntry,
  type ImageLayout,
  lockedByDefault,
  type Manifest,
  manifestFile,
  manifestSchema,
  mostLabels,
  type StoreSource,
} from './manifest.ts';
import { type ColumnName, SplitParts, type StoreRow, SubjectNumbers } from './split-parts.ts';
import { StagedDirectory } from './staging.ts';
import { explainWriteError } from './write-errors.ts';

/** The splits in the order they are stored; others follow in order of appearance. */
const splitOrder = ['train', 'val', 'public', 'private', 'test', 'all'];
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

export interface StoreWriterOptions {
  /** The store's directory: new, or empty. */
  out: string;
  /** Replace a store that stands there. */
  force?: boolean | undefined;
  /** Name of the data set; becomes part of every row's identity. */
  name: string;
  /** How the source was laid out: `fer-csv`, `folders`. */
  form: string;
  /** Name of the source's file or folder, without the way to it. */
  file: string;
  image: ImageLayout;
  /** Set where the images show faces whose eyes lie level. */
  align?: Manifest['align'];
  labels: readonly string[];
  /** Names of the votes every row carries; none without. */
  votes?: readonly string[] | undefined;
  /** Rows come with the path of their image file. */
  paths?: boolean | undefined;
  /** Rows come with their subject. */
  subjects?: boolean | undefined;
  /** Rows come with the size of their image before it was brought to the store's. */
  sizes?: boolean | undefined;
  /** Sources that rows refer to, for rows that come from other stores; by default each split is one source. */
  sources?: readonly StoreSource[] | undefined;
  /** Whether training must refuse a split; by default `private` and `test`. */
  locked?: ((split: string) => boolean) | undefined;
  history?: readonly HistoryEntry[] | undefined;
}

/** `append` every row, then `finish`; or `discard`. Nothing shows at `out` before `finish` returns. */
export class StoreWriter {
  readonly #options: StoreWriterOptions;
  readonly #staged: StagedDirectory;
  readonly #columns: Manifest['columns'];
  readonly #splits = new Map<string, SplitParts>();
  readonly #subjects = new SubjectNumbers();

  /** @throws UserError `exists`, `not-a-store`, `cannot-write`, `disk-full`. */
  constructor(options: StoreWriterOptions) {
    if (options.labels.length > mostLabels) throw new RangeError(`StoreWriter: at most ${mostLabels} labels, came ${options.labels.length}`);
    this.#options = options;
    this.#columns = columnsOf(options);
    this.#staged = new StagedDirectory(options.out, options);
  }

  /** Where the store is being written, for files that belong to it beside its columns. */
  get stagedDir(): string {
    return this.#staged.path;
  }

  /** @throws UserError `disk-full`, `cannot-write`, `interrupted`; the store is discarded then. */
  append(row: StoreRow): void {
    this.#guard(() => {
      let parts = this.#splits.get(row.split);
      if (!parts) {
        parts = new SplitParts(this.#staged.path, this.#splits.size, this.#columns, this.#options.labels.length, this.#subjects);
        this.#splits.set(row.split, parts);
      }
      parts.append(row);
    });
  }

  /**
   * Joins the splits, writes the manifest and puts the store in its place.
   * @throws UserError as `append`, and `exists` when another import was first.
   */
  finish(): Manifest {
    return this.#guard(() => {
      const splits = [...this.#splits].sort(([a], [b]) => rank(a) - rank(b));
      for (const column of Object.keys(this.#columns) as ColumnName[]) this.#join(column, splits);
      const manifest = manifestSchema.parse(this.#manifest(splits));
      const path = join(this.#staged.path, manifestFile);
      writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
      syncToDisk(path);
      this.#staged.commit();
      return manifest;
    });
  }

  /** Removes everything written; harmless after `finish`. */
  discard(): void {
    for (const parts of this.#splits.values()) parts.close();
    this.#staged.discard();
  }

  #manifest(splits: [string, SplitParts][]): Manifest {
    const { name, form, file, image, align, labels, locked = lockedByDefault } = this.#options;
    let start = 0;
    const ranges = splits.map(([split, { count, perLabel }]) => {
      start += count;
      return { name: split, start: start - count, count, perLabel, locked: locked(split) };
    });
    const sources = this.#options.sources ?? [...this.#splits].map(([split, { count }]) => ({ name, form, split, count, file }));
    return {
      formatVersion: formatVersionOf(ranges),
      createdBy: `@mien/data ${version}`,
      name,
      count: start,
      image,
      ...(align && { align }),
      labels: [...labels],
      splits: ranges,
      sources: [...sources],
      columns: { ...this.#columns, ...(this.#columns.subject && { subject: { ...this.#columns.subject, names: this.#subjects.names } }) },
      history: [...(this.#options.history ?? [])],
    };
  }

  /** The first split's file becomes the column's file, the others are copied behind it. */
  #join(column: ColumnName, splits: [string, SplitParts][]): void {
    const path = join(this.#staged.path, (this.#columns[column] as { file: string }).file);
    for (const [index, [, parts]] of splits.entries()) {
      const part = parts.finish(column);
      if (index === 0) {
        renameSync(part, path);
      } else {
        appendFileTo(path, part);
        rmSync(part);
      }
    }
    if (splits.length === 0) writeFileSync(path, '');
    syncToDisk(path);
  }

  #guard<T>(action: () => T): T {
    try {
      this.#staged.checkOpen();
      return action();
    } catch (error) {
      this.discard();
      throw explainWriteError(error, this.#options.out);
    }
  }
}

function columnsOf(options: StoreWriterOptions): Manifest['columns'] {
  const { channels, height, width } = options.image;
  return {
    images: { file: 'images.u8', type: 'u8', shape: [channels, height, width] },
    labels: { file: 'labels.u8', type: 'u8', shape: [] },
    ...(options.votes && { votes: { file: 'votes.u8', type: 'u8' as const, shape: [options.votes.length], names: [...options.votes] } }),
    source: { file: 'source.u16', type: 'u16', shape: [] },
    row: { file: 'row.u32', type: 'u32', shape: [] },
    ...(options.subjects && { subject: { file: 'subject.u32', type: 'u32' as const, shape: [], names: [] } }),
    ...(options.sizes && { size: { file: 'size.u16', type: 'u16' as const, shape: [2] } }),
    ...(options.paths && { path: { file: 'path.jsonl', type: 'json-lines' as const } }),
  };
}

function rank(split: string): number {
  const known = splitOrder.indexOf(split);
  return known < 0 ? splitOrder.length : known;
}
