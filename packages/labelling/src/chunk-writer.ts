/** A finished chunk on disk: a folder that appears whole, once, however many workers did the chunk. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RetryLater } from '@mien/jobs';
import { chunkFolder, type LabelFolder, shardFile, shardOf } from './label-folder.ts';
import { type ChunkResults, encodeChunk, type ModelName } from './tables.ts';
import { explainWriteError, isPassingTrouble, writeFlushed } from './write-file.ts';

/** Whether a chunk's results are on disk: as its own folder, or in a shard. */
export function isChunkDone(folder: LabelFolder, chunk: number): boolean {
  return existsSync(chunkFolder(folder.chunks, chunk)) || existsSync(shardFile(folder.images, shardOf(chunk)));
}

/** Begins the names of folders that are being written; those of killed workers stay behind until the job ends. */
export const partialPrefix = '.partial-';

/**
 * Writes both files beside, flushed, and renames their folder into place. Where another worker was first, its results
 * stay: they are the same. Throws `RetryLater` where the disk is full or away.
 */
export async function writeChunk(folder: LabelFolder, chunk: number, results: ChunkResults, model: ModelName): Promise<void> {
  const { faces, images } = encodeChunk(results, model);
  const partial = join(folder.chunks, `${partialPrefix}${chunk}-${randomUUID()}`);
  const place = chunkFolder(folder.chunks, chunk);
  try {
    await mkdir(partial);
    await writeFlushed(join(partial, 'faces.parquet'), faces);
    await writeFlushed(join(partial, 'images.parquet'), images);
    await rename(partial, place);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
    const { code } = error as NodeJS.ErrnoException;
    if ((code === 'ENOTEMPTY' || code === 'EEXIST') && existsSync(place)) return;
    if (isPassingTrouble(error)) throw new RetryLater((explainWriteError(error, place) as Error).message, { cause: error });
    throw error;
  }
}
