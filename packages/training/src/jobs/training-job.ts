/** Trainings as jobs: one job is one training, in a folder that every worker reaches. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Recipe } from '../recipe-schema.ts';

/** What a worker must know before its first training. */
export const trainingRunSchema = z.object({
  /** The folder of all runs and the data store, absolute, as the one who opened it sees them. */
  dir: z.string(),
  data: z.string(),
  device: z.enum(['cpu', 'wasm', 'webgpu', 'cuda']),
  /** Files that recipes name: first weights, teachers. */
  files: z.array(z.string()),
});
export type TrainingRunPayload = z.infer<typeof trainingRunSchema>;

/** Names of a run's folder: what comes from a queue must not lead out of the common one. */
const folderName = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/);

export const trainingJobSchema = z.object({
  /** Folder of the run within `runs` of `dir`. */
  folder: folderName,
  row: z.string(),
  /** With its seed; checked again by the worker. */
  recipe: z.record(z.string(), z.unknown()),
  /** Split to measure on; default: the rows the epoch is chosen on. */
  split: z.string().optional(),
  /** Epochs after which the training is paused and measured. */
  pauseAfter: z.number().int().positive().optional(),
});
export type TrainingJob = z.infer<typeof trainingJobSchema>;

/** What came out lies in the run's folder: the queue carries no results. */
export interface TrainingDone {
  readonly worked: boolean;
}

/** Files a recipe names, and the same recipe with them absolute: a worker stands in another folder. */
export function withAbsoluteFiles(recipe: Recipe): { readonly recipe: Recipe; readonly files: readonly string[] } {
  const files: string[] = [];
  const absolute = (file: string): string => {
    const path = resolve(file);
    files.push(path);
    return path;
  };
  const { init, distill, data } = recipe;
  const moved: Recipe = {
    ...recipe,
    ...(init === undefined ? {} : { init: absolute(init) }),
    // A teacher may also be the name of a model, which every worker has.
    ...(distill ? { distill: { ...distill, teachers: distill.teachers.map((teacher) => (existsSync(teacher) ? absolute(teacher) : teacher)) } } : {}),
    ...(data.changes ? { data: { ...data, changes: data.changes.map(absolute) } } : {}),
    stages: recipe.stages.map((stage) =>
      stage.pseudo?.models
        ? { ...stage, pseudo: { ...stage.pseudo, models: stage.pseudo.models.map((model) => (existsSync(model) ? absolute(model) : model)) } }
        : stage,
    ),
  };
  return { recipe: moved, files: [...new Set(files)] };
}
