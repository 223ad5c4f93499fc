/** The workers of many trainings in one folder: opened when the first training is handed out, closed once. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Device } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import type { Recipe } from '../recipe-schema.ts';
import { writeAtomically } from '../run-folder.ts';
import { readOutcome } from './run-result.ts';
import type { PlannedRun } from './run-trainings.ts';
import { withAbsoluteFiles } from './training-job.ts';
import { openTrainingWork, type TrainingPlace, type TrainingWork } from './training-work.ts';

export interface SharedWorkOptions {
  readonly out: string;
  readonly data: string;
  readonly device: Device | undefined;
  /** Whose files workers must reach. */
  readonly recipes: readonly Recipe[];
  readonly place: TrainingPlace;
  readonly onNotice: (message: string) => void;
}

export class SharedWork {
  readonly #options: SharedWorkOptions;
  #opened: Promise<TrainingWork> | undefined;

  /** Throws `UserError` `bad-option` where the place contradicts itself. */
  constructor(options: SharedWorkOptions) {
    const { queue, workers } = options.place;
    if (queue !== undefined && workers !== undefined)
      throw new UserError('bad-option', '--workers is for this machine; with --queue, start `mien worker --queue …` processes instead');
    this.#options = options;
  }

  /** Looks at the queue's address and the name before anything is written. Throws `UserError` `bad-queue`, `bad-option`. */
  async check(): Promise<void> {
    const { queue, name } = this.#options.place;
    if (queue === undefined) return;
    const { checkRunName, parseRedisUrl } = await import('@mien/jobs/redis');
    parseRedisUrl(queue);
    if (name !== undefined) checkRunName(name);
  }

  open(): Promise<TrainingWork> {
    const { out, data, device, recipes, place, onNotice } = this.#options;
    const files = [...new Set(recipes.flatMap((recipe) => withAbsoluteFiles(recipe).files))];
    const payload = { dir: resolve(out), data: resolve(data), device: device ?? 'cpu', files };
    this.#opened ??= this.#named().then((name) => openTrainingWork(payload, { ...place, name }, onNotice));
    return this.#opened;
  }

  async close(): Promise<void> {
    const work = await this.#opened?.catch(() => undefined);
    await work?.close();
  }

  /** Work of the runs that are not over. */
  left<Run extends PlannedRun>(runs: readonly Run[], workOf: (run: Run) => number): number {
    return runs.reduce((sum, run) => sum + (readOutcome(run.out) ? 0 : workOf(run)), 0);
  }

  /** The same name as before, so that what a killed call left in the queue is taken up. */
  async #named(): Promise<string | undefined> {
    const { out, place } = this.#options;
    if (place.queue === undefined) return undefined;
    const { checkRunName } = await import('@mien/jobs/redis');
    const file = join(out, 'queue-name');
    const before = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
    const name = checkRunName(place.name ?? before ?? `train-${randomBytes(4).toString('hex')}`);
    if (name !== before) writeAtomically(file, `${name}\n`);
    return name;
  }
}
