/** Which chunks of a job are done, and with which of them a shard is complete. */
import { opendir } from 'node:fs/promises';
import { chunksPerShard, type LabelFolder, shardOf } from './label-folder.ts';

export class DoneChunks {
  readonly chunks: number;
  /** Shards on disk; their chunk folders may be left over, and count no more. */
  readonly shards = new Set<number>();
  /** One byte a chunk: 390 KB for a hundred million images. */
  readonly #done: Uint8Array;
  readonly #missing: Uint16Array;

  constructor(chunks: number) {
    this.chunks = chunks;
    this.#done = new Uint8Array(chunks);
    this.#missing = Uint16Array.from({ length: Math.ceil(chunks / chunksPerShard) }, (_, shard) => Math.min(chunksPerShard, chunks - shard * chunksPerShard));
  }

  /** Looks through a job's folder. What is on disk is the truth; queues only carry work. */
  static async find(folder: LabelFolder, chunks: number): Promise<DoneChunks> {
    const done = new DoneChunks(chunks);
    for await (const name of namesIn(folder.images)) {
      const shard = Number(/^part-(\d+)\.parquet$/.exec(name)?.[1] ?? -1);
      if (shard < 0 || shard >= done.#missing.length) continue;
      done.shards.add(shard);
      for (const chunk of done.chunksOf(shard)) done.add(chunk);
    }
    for await (const name of namesIn(folder.chunks)) if (/^\d+$/.test(name) && Number(name) < chunks) done.add(Number(name));
    return done;
  }

  has(chunk: number): boolean {
    return this.#done[chunk] === 1;
  }

  /** Returns whether the chunk was not done before. */
  add(chunk: number): boolean {
    if (this.#done[chunk] === 1) return false;
    this.#done[chunk] = 1;
    this.#missing[shardOf(chunk)]!--;
    return true;
  }

  isComplete(shard: number): boolean {
    return this.#missing[shard] === 0;
  }

  /** Shards whose chunks are all done and which are not on disk yet. */
  *shardsToWrite(): Generator<number> {
    for (let shard = 0; shard < this.#missing.length; shard++) if (this.isComplete(shard) && !this.shards.has(shard)) yield shard;
  }

  chunksOf(shard: number): number[] {
    const first = shard * chunksPerShard;
    return Array.from({ length: Math.min(chunksPerShard, this.chunks - first) }, (_, i) => first + i);
  }

  /** Chunks still to be done, in order; looked up as they are asked for. */
  *pending(): Generator<number> {
    for (let chunk = 0; chunk < this.chunks; chunk++) if (!this.has(chunk)) yield chunk;
  }
}

async function* namesIn(dir: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(dir)) yield name;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
