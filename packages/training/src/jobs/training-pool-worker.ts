/** What the processes of a local pool of trainings load. */
import type { OpenHandler } from '@mien/jobs';
import { z } from 'zod';
import { openTrainingHandler } from './training-handler.ts';
import { type TrainingDone, type TrainingJob, trainingRunSchema } from './training-job.ts';

const initSchema = z.object({ payload: trainingRunSchema, threads: z.number().int().positive().optional() });
export type TrainingPoolInit = z.infer<typeof initSchema>;

export const openHandler: OpenHandler<TrainingJob, TrainingDone> = async (init) => {
  const { payload, threads } = initSchema.parse(init);
  return openTrainingHandler(payload, { threads, map: [] });
};
