/** Gathers finished chunks into shards, one at a time, beside the work that goes on. */
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@mien/runtime';
import { type Database, openDatabase, quote, readParquet } from './database.ts';
import type { DoneChunks } from './done-chunks.ts';
import { backOffMs, defaultRetryPolicy } from '@mien/jobs';
import { chunkFolder, type LabelFolder, shardFile } from './label-folder.ts';

export class ShardWriter {
  readonly #folder: LabelFolder;
  readonly #done: DoneChunks;
  readonly #onNotice: (message: string) => void;
  readonly #stop = new AbortController();
  /** Everything begun so far; never rejects. */
  #work: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(folder: LabelFolder, done: DoneChunks, onNotice: (message: string) => void) {
    this.#folder = folder;
    this.#done = done;
    this.#onNotice = onNotice;
  }

  /** Begins to write a shard whose chunks are all done, after those begun before. */
  begin(shard: number): void {
    this.#work = this.#work.then(() => this.#writePatiently(shard));
  }

  /** Resolves when everything begun is on disk. Throws what went wrong on the way. */
  async settled(): Promise<void> {
    await this.#work;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Leaves what is not begun for another time: chunks are safe in their folders. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  /** A full disk is waited out, as workers do: nothing is lost meanwhile. */
  async #writePatiently(shard: number): Promise<void> {
    for (let failures = 1; !this.#stop.signal.aborted && this.#failure === undefined; failures++) {
      try {
        await this.#write(shard);
        return;
      } catch (error) {
        const { message } = error as Error;
        if (!/No space left|ENOSPC|quota/i.test(message)) {
          this.#failure = error;
          return;
        }
        this.#onNotice(`${this.#folder.dir}: the disk is full; free space there (waiting)`);
        await sleep(backOffMs(failures, defaultRetryPolicy), undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
  }

  async #write(shard: number): Promise<void> {
    const folders = this.#done.chunksOf(shard).map((chunk) => chunkFolder(this.#folder.chunks, chunk));
    // A database of its own for each shard: one that stays open keeps the memory of the largest.
    const database = await openDatabase(1);
    try {
      // The images shard comes last: where it is, both are whole, and the chunk folders no longer count.
      for (const table of ['faces', 'images'] as const) {
        await this.#merge(
          database,
          folders.map((place) => join(place, `${table}.parquet`)),
          shardFile(this.#folder[table], shard),
        );
      }
    } finally {
      database.close();
    }
    this.#done.shards.add(shard);
    for (const place of folders) await rm(place, { recursive: true, force: true });
  }

  async #merge({ connection }: Database, files: readonly string[], to: string): Promise<void> {
    const partial = `${to}.partial`;
    try {
      await connection.run(`COPY (SELECT * FROM ${readParquet(files)}) TO ${quote(partial)} (FORMAT parquet, COMPRESSION zstd)`);
      const handle = await open(partial, 'r+');
      await handle.sync();
      await handle.close();
      await rename(partial, to);
    } catch (error) {
      await rm(partial, { force: true }).catch(() => {});
      if (/Could not find|No files found|Cannot open file|No such file/i.test((error as Error).message)) {
        throw new UserError('lost-chunk', `${to}: a finished chunk has vanished from ${this.#folder.chunks}; start the job again in another --out`, {
          cause: error,
        });
      }
      throw error;
    }
  }
}

/** Bytes of both files of a shard. */
export async function shardBytes(folder: LabelFolder, shard: number): Promise<number> {
  const [faces, images] = await Promise.all([stat(shardFile(folder.faces, shard)), stat(shardFile(folder.images, shard))]);
  return faces.size + images.size;
}
