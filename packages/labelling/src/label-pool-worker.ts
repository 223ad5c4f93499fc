/** What the processes of a local pool load. */
import { UserError } from '@mien/runtime';
import { z } from 'zod';
import type { OpenHandler } from '@mien/jobs';
import { type ChunkOutcome, type ChunkPayload, labelPayloadSchema, openLabelHandler } from './label-handler.ts';

const initSchema = z.object({ payload: labelPayloadSchema, threads: z.number().int().positive(), recogniser: z.string().optional() });
export type LabelPoolInit = z.infer<typeof initSchema>;

export const openHandler: OpenHandler<ChunkPayload, ChunkOutcome> = async (init) => {
  const parsed = initSchema.safeParse(init);
  if (!parsed.success) throw new UserError('bad-job', `a worker process was started with other data than it expects: ${parsed.error.issues[0]!.message}`);
  const { payload, threads, recogniser } = parsed.data;
  return openLabelHandler(payload, { threads, map: [], recogniser });
};
