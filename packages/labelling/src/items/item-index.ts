/**
 * The index of a job: every item in a line of `items.jsonl`, and in `items.offsets` where each chunk begins, so that a
 * chunk is a byte range and nobody ever holds all items. Offsets are 64-bit little-endian; the last one is the end.
 */
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { explainWriteError } from '../write-file.ts';
import { decodeItem, encodeItem, type Item } from './item.ts';

/** A chunk of the index: items `first` … `first + count − 1`, in bytes `from` … `to` of the file. */
export interface ItemRange {
  readonly first: number;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

const flushAtBytes = 1 << 20;

export class ItemIndexWriter {
  readonly #file: string;
  readonly #offsetsFile: string;
  readonly #chunkSize: number;
  readonly #handle: FileHandle;
  readonly #offsets: number[] = [0];
  #lines: string[] = [];
  #pendingBytes = 0;
  #bytes = 0;
  #items = 0;

  private constructor(file: string, offsetsFile: string, chunkSize: number, handle: FileHandle) {
    this.#file = file;
    this.#offsetsFile = offsetsFile;
    this.#chunkSize = chunkSize;
    this.#handle = handle;
  }

  /** Writes beside the two files; `finish` puts them in place. */
  static async open(file: string, offsetsFile: string, chunkSize: number): Promise<ItemIndexWriter> {
    try {
      return new ItemIndexWriter(file, offsetsFile, chunkSize, await open(`${file}.partial`, 'w'));
    } catch (error) {
      throw explainWriteError(error, file);
    }
  }

  get items(): number {
    return this.#items;
  }

  async add(item: Item): Promise<void> {
    const line = `${encodeItem(item)}\n`;
    this.#lines.push(line);
    const bytes = Buffer.byteLength(line);
    this.#pendingBytes += bytes;
    this.#bytes += bytes;
    if (++this.#items % this.#chunkSize === 0) this.#offsets.push(this.#bytes);
    if (this.#pendingBytes > flushAtBytes) await this.#flush();
  }

  async finish(): Promise<{ items: number; chunks: number }> {
    await this.#flush();
    if (this.#items % this.#chunkSize !== 0) this.#offsets.push(this.#bytes);
    try {
      await this.#handle.sync();
      await this.#handle.close();
      const offsets = await open(`${this.#offsetsFile}.partial`, 'w');
      await offsets.writeFile(new Uint8Array(BigUint64Array.from(this.#offsets, BigInt).buffer));
      await offsets.sync();
      await offsets.close();
      await rename(`${this.#offsetsFile}.partial`, this.#offsetsFile);
      await rename(`${this.#file}.partial`, this.#file);
    } catch (error) {
      throw explainWriteError(error, this.#file);
    }
    return { items: this.#items, chunks: this.#offsets.length - 1 };
  }

  /** Gives up and removes what was written. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await rm(`${this.#file}.partial`, { force: true });
    await rm(`${this.#offsetsFile}.partial`, { force: true });
  }

  async #flush(): Promise<void> {
    const text = this.#lines.join('');
    this.#lines = [];
    this.#pendingBytes = 0;
    try {
      await this.#handle.writeFile(text);
    } catch (error) {
      throw explainWriteError(error, this.#file);
    }
  }
}

/** Where every chunk lies. Eight bytes a chunk in memory. */
export class ItemIndex {
  readonly items: number;
  readonly chunks: number;
  readonly #chunkSize: number;
  readonly #offsets: BigUint64Array;

  private constructor(items: number, chunkSize: number, offsets: BigUint64Array) {
    this.items = items;
    this.chunks = offsets.length - 1;
    this.#chunkSize = chunkSize;
    this.#offsets = offsets;
  }

  static async open(offsetsFile: string, items: number, chunkSize: number): Promise<ItemIndex> {
    const bytes = new Uint8Array(await readFile(offsetsFile));
    const offsets = new BigUint64Array(bytes.buffer, 0, Math.floor(bytes.length / 8));
    const chunks = Math.ceil(items / chunkSize);
    if (offsets.length !== chunks + 1) throw new Error(`${offsetsFile}: ${chunks + 1} offsets are needed, it has ${offsets.length}`);
    return new ItemIndex(items, chunkSize, offsets);
  }

  range(chunk: number): ItemRange {
    const first = chunk * this.#chunkSize;
    return {
      first,
      count: Math.min(this.#chunkSize, this.items - first),
      from: Number(this.#offsets[chunk]),
      to: Number(this.#offsets[chunk + 1]),
    };
  }
}

/** The items of a range. */
export async function readItems(file: string, { from, to, count }: ItemRange): Promise<Item[]> {
  const handle = await open(file, 'r');
  try {
    const bytes = Buffer.alloc(to - from);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) throw new Error(`${file}: ends at byte ${from + filled}, a chunk reaches to ${to}`);
      filled += bytesRead;
    }
    const lines = bytes.toString('utf8').split('\n').slice(0, -1);
    if (lines.length !== count) throw new Error(`${file}: bytes ${from}–${to} hold ${lines.length} items, expected ${count}`);
    return lines.map(decodeItem);
  } finally {
    await handle.close();
  }
}
