/** Reading a store: a split's labels come whole (a byte a row), its images by batches, in order or at chosen rows. */
import { close, existsSync, open as openCallback, type ReadPosition, read as readCallback } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '@mien/runtime';
import { readLandmarkRecord, readLandmarkRows } from '../landmarks/landmark-file.ts';
import {
  type ImageLayout,
  imageSamples,
  type Manifest,
  manifestFile,
  type NumberColumn,
  readManifest,
  rowBytes,
  type StoreSplit,
  unlabelledRows,
} from './manifest.ts';
import { recoverReplaced } from './staging.ts';

const open = promisify(openCallback);
const read = promisify(readCallback) as (
  fd: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: ReadPosition,
) => Promise<{ bytesRead: number }>;

/** Reads of scattered rows that are under way at once. */
const readsAtOnce = 16;

/**
 * Opens the store in `dir`: reads its manifest and looks at the sizes of its files, whatever the number of images.
 * @throws UserError `not-a-store`, `newer-store`, `corrupt-store` (a column file is missing or has the wrong size).
 */
export async function openStore(dir: string): Promise<Store> {
  if (!existsSync(join(dir, manifestFile))) recoverReplaced(dir);
  const manifest = await readManifest(dir);
  for (const column of Object.values(manifest.columns)) {
    if (column.type === 'json-lines') continue;
    const expected = rowBytes(column) * manifest.count;
    const size = await stat(join(dir, column.file)).then(
      (s) => s.size,
      () => undefined,
    );
    if (size !== expected) {
      throw new UserError(
        'corrupt-store',
        `${dir}: ${column.file}: expected ${expected} bytes, ${size === undefined ? 'the file is missing' : `came ${size}`}; import the data again`,
      );
    }
  }
  return new Store(dir, manifest);
}

/** An opened store. It keeps at most one file open; `close` lets go of it. */
export class Store {
  readonly dir: string;
  readonly manifest: Manifest;
  #images: Promise<number> | undefined;

  constructor(dir: string, manifest: Manifest) {
    this.dir = dir;
    this.manifest = manifest;
  }

  get splitNames(): string[] {
    return this.manifest.splits.map((split) => split.name);
  }

  /**
   * Whether a split is a test set that training must refuse.
   * @throws UserError `unknown-split`.
   */
  isLocked(split: string): boolean {
    return this.#find(split).locked;
  }

  /**
   * The rows of one split, its labels loaded.
   * @throws UserError `unknown-split`, naming the splits there are.
   */
  async split(name: string): Promise<Split> {
    const found = this.#find(name);
    this.#images ??= open(join(this.dir, this.manifest.columns.images.file), 'r');
    const fd = await this.#images;
    const labels = await readRows(this, this.manifest.columns.labels, found);
    return new Split(this, found, labels, fd);
  }

  /**
   * All rows of the store as one split called `name`, with the labels given [N]: for work over rows of several splits, some of
   * whose labels must not be read. Row r of a split is row `start` + r here.
   */
  async asOne(name: string, labels: Uint8Array): Promise<Split> {
    const { count, labels: names } = this.manifest;
    if (labels.length !== count) throw new RangeError(`asOne: expected ${count} labels, came ${labels.length}`);
    this.#images ??= open(join(this.dir, this.manifest.columns.images.file), 'r');
    return new Split(this, { name, start: 0, count, perLabel: countLabels(labels, names.length), locked: false }, labels, await this.#images);
  }

  /**
   * Number in the whole store of a split's first row.
   * @throws UserError `unknown-split`.
   */
  startOf(split: string): number {
    return this.#find(split).start;
  }

  /** Closes the image file; splits of this store cannot read images afterwards. */
  async close(): Promise<void> {
    const fd = await this.#images;
    this.#images = undefined;
    if (fd !== undefined) await promisify(close)(fd);
  }

  #find(name: string): StoreSplit {
    const found = this.manifest.splits.find((split) => split.name === name);
    if (!found) throw new UserError('unknown-split', `${this.dir}: no split ${name}; it has ${this.splitNames.join(', ')}`);
    return found;
  }
}

/** One split: rows 0…count−1, numbered within the split. */
export class Split {
  readonly name: string;
  readonly count: number;
  /** A test set that training must refuse. */
  readonly locked: boolean;
  /** Directory of the store. */
  readonly dir: string;
  /** Size of every image. */
  readonly image: ImageLayout;
  /** Whether the faces were turned so that their eyes lie level: `mien data align`. */
  readonly isLevel: boolean;
  /** Class names; `labels[r]` is an index into them. */
  readonly labelNames: readonly string[];
  /** [N], class index of each row; `noLabel` (255) for a row without one. */
  readonly labels: Uint8Array;
  /** Rows of each class. */
  readonly perLabel: readonly number[];
  /** Rows without a label. */
  readonly unlabelled: number;
  /** Bytes of one image: C·H·W. */
  readonly imageBytes: number;
  /** Names of the columns of {@link readVotes}; undefined where the store has no votes. */
  readonly voteNames: readonly string[] | undefined;
  readonly #store: Store;
  readonly #split: StoreSplit;
  readonly #fd: number;

  constructor(store: Store, split: StoreSplit, labels: Uint8Array, fd: number) {
    this.name = split.name;
    this.count = split.count;
    this.locked = split.locked;
    this.dir = store.dir;
    this.image = store.manifest.image;
    this.isLevel = store.manifest.align === 'eyes-level';
    this.labelNames = store.manifest.labels;
    this.labels = labels;
    this.perLabel = split.perLabel;
    this.unlabelled = unlabelledRows(split);
    this.imageBytes = imageSamples(this.image);
    this.voteNames = store.manifest.columns.votes?.names;
    this.#store = store;
    this.#split = split;
    this.#fd = fd;
  }

  /**
   * Images start…start+count−1 → [count,C,H,W], 0…255, in `out` from its beginning (a new array without one).
   * `out` may lie on shared memory. All images of the split: `readImages(0, split.count)`.
   */
  async readImages(start: number, count: number, out: Uint8Array = new Uint8Array(count * this.imageBytes)): Promise<Uint8Array> {
    this.#check(start, count, out.length);
    await readFully(this.#fd, out, 0, count * this.imageBytes, (this.#split.start + start) * this.imageBytes);
    return out;
  }

  /** Images at `rows`, in that order → [rows.length,C,H,W], 0…255, in `out` from its beginning. Rows may repeat. */
  async gatherImages(rows: ArrayLike<number>, out: Uint8Array = new Uint8Array(rows.length * this.imageBytes)): Promise<Uint8Array> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < rows.length) {
        const first = next++;
        const row = rows[first] as number;
        while (next < rows.length && rows[next] === row + next - first) next++;
        const run = next - first;
        this.#check(row, run, out.length - first * this.imageBytes);
        await readFully(this.#fd, out, first * this.imageBytes, run * this.imageBytes, (this.#split.start + row) * this.imageBytes);
      }
    };
    await Promise.all(Array.from({ length: readsAtOnce }, worker));
    return out;
  }

  /** The same rows under other labels [N], which may hold numbers that are no class for rows whose label is not to be read. */
  withLabels(labels: Uint8Array): Split {
    if (labels.length !== this.count) throw new RangeError(`split ${this.name}: expected ${this.count} labels, came ${labels.length}`);
    return new Split(this.#store, { ...this.#split, perLabel: countLabels(labels, this.labelNames.length) }, labels, this.#fd);
  }

  /** Votes of annotators [N, voteNames.length], 0…255; undefined where the store has none. A row without votes is all 0. */
  async readVotes(): Promise<Uint8Array | undefined> {
    const column = this.#store.manifest.columns.votes;
    return column && readRows(this.#store, column, this.#split);
  }

  /** Where each row came from: `source` [N] indexes `manifest.sources`, `row` [N] is its place within that source's split. */
  async readProvenance(): Promise<{ source: Uint16Array; row: Uint32Array }> {
    const { columns } = this.#store.manifest;
    const source = await readRows(this.#store, columns.source, this.#split);
    const row = await readRows(this.#store, columns.row, this.#split);
    return { source: new Uint16Array(source.buffer, 0, this.count), row: new Uint32Array(row.buffer, 0, this.count) };
  }

  /** Whose face each row is: `subject` [N] is 0 for unknown, else 1 + its place in `names`; undefined where the store knows no subjects. */
  async readSubjects(): Promise<{ subject: Uint32Array; names: readonly string[] } | undefined> {
    const column = this.#store.manifest.columns.subject;
    if (!column) return undefined;
    const bytes = await readRows(this.#store, column, this.#split);
    return { subject: new Uint32Array(bytes.buffer, 0, this.count), names: column.names };
  }

  /** Height and width of each image as it came, [N,2] in pixels, 0 where unknown; undefined where the store has no sizes. */
  async readSizes(): Promise<Uint16Array | undefined> {
    const column = this.#store.manifest.columns.size;
    return column && new Uint16Array((await readRows(this.#store, column, this.#split)).buffer, 0, 2 * this.count);
  }

  /** Points of each face [N,68,2], in pixels of the image; undefined where `mien data landmarks` has not found those of this `kind` yet. */
  async readLandmarks(kind: string): Promise<Float32Array | undefined> {
    const { dir, manifest } = this.#store;
    const record = await readLandmarkRecord(dir, manifest.count);
    return record?.kind === kind ? readLandmarkRows(dir, this.#split.start, this.count, this.image.width) : undefined;
  }

  /** The image file each row came from; undefined where the data did not come as files. */
  async readPaths(): Promise<string[] | undefined> {
    const column = this.#store.manifest.columns.path;
    if (!column) return undefined;
    const lines = (await readFile(join(this.#store.dir, column.file), 'utf8')).split('\n');
    return lines.slice(this.#split.start, this.#split.start + this.count).map((line) => JSON.parse(line) as string);
  }

  #check(start: number, count: number, room: number): void {
    if (!(Number.isInteger(start) && start >= 0 && start + count <= this.count)) {
      throw new RangeError(`split ${this.name}: rows ${start}…${start + count - 1} are not within 0…${this.count - 1}`);
    }
    if (room < count * this.imageBytes) throw new RangeError(`split ${this.name}: ${count} images need ${count * this.imageBytes} bytes, out has ${room}`);
  }
}

/** Rows of each class; numbers that are no class count nowhere. */
function countLabels(labels: Uint8Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) if (label < classes) counts[label]!++;
  return counts;
}

async function readRows(store: Store, column: NumberColumn, split: StoreSplit): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = rowBytes(column);
  const out = new Uint8Array(split.count * bytes);
  const fd = await open(join(store.dir, column.file), 'r');
  try {
    await readFully(fd, out, 0, out.length, split.start * bytes);
  } finally {
    await promisify(close)(fd);
  }
  return out;
}

async function readFully(fd: number, out: Uint8Array, offset: number, length: number, position: number): Promise<void> {
  let done = 0;
  while (done < length) {
    // One read call moves at most 2 GiB.
    const { bytesRead } = await read(fd, out, offset + done, Math.min(length - done, 1 << 30), position + done);
    if (bytesRead === 0) throw new UserError('corrupt-store', `a store file ends early, at byte ${position + done}; import the data again`);
    done += bytesRead;
  }
}
