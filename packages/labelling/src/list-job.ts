/** The first part of a job: every picture of the sources into the index. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { ItemIndexWriter } from './items/item-index.ts';
import { writeManifest } from './manifest.ts';
import type { OpenedJob } from './open-job.ts';
import { listItems } from './sources/list-items.ts';
import { explainWriteError } from './write-file.ts';

export interface ListJobOptions {
  readonly onFound?: (items: number) => void;
  readonly onNotice: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists the sources of a job that has not been listed, and says so in its manifest. A listing that was cut short begins
 * again: only a whole one counts, so that a job goes on with the very items it began with.
 * Throws the `UserError`s of `listItems`, and `nothing-found`.
 */
export async function listJob(job: OpenedJob, { onFound, onNotice, signal }: ListJobOptions): Promise<void> {
  const { folder } = job;
  if (job.manifest.items !== undefined) return;
  const { sources, framesPerSecond, chunkSize } = job.manifest.options;
  await rm(folder.unpacked, { recursive: true, force: true });
  await mkdir(folder.unpacked, { recursive: true });
  const writer = await ItemIndexWriter.open(folder.items, folder.offsets, chunkSize);
  let skipped = 0;
  let videos = false;
  try {
    const items = listItems(sources, {
      framesPerSecond,
      unpackTo: (n) => join(folder.unpacked, `${n}.tar`),
      onSkipped: () => skipped++,
      onNotice,
      ...(signal ? { signal } : {}),
    });
    for await (const item of items) {
      signal?.throwIfAborted();
      videos ||= 'video' in item;
      await writer.add(item);
      onFound?.(writer.items);
    }
    if (writer.items === 0) {
      throw new UserError(
        'nothing-found',
        `${sources.join(', ')}: no picture and no video found (${skipped} other files); pictures are known by .jpg, .png, .webp, .gif, .avif, .tif`,
      );
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  const found = await writer.finish();
  job.manifest = { ...job.manifest, ...found, skipped, videos, state: 'labelling' };
  try {
    await writeManifest(folder.dir, job.manifest);
  } catch (error) {
    throw explainWriteError(error, folder.manifest);
  }
}
