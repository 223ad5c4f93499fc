/** Chunks of the index as jobs. */
import type { DoneChunks } from './done-chunks.ts';
import type { ItemIndex } from './items/item-index.ts';
import type { JobSpec } from '@mien/jobs';
import type { ChunkPayload } from './label-handler.ts';

/** Ids begin with a letter: BullMQ keeps plain numbers to itself. */
export function* chunkJobs(index: ItemIndex, done: DoneChunks): Generator<JobSpec<ChunkPayload>> {
  for (const chunk of done.pending()) yield { id: `chunk-${chunk}`, payload: { chunk, ...index.range(chunk) } };
}

export function chunkOf(id: string): number {
  return Number(id.slice('chunk-'.length));
}
