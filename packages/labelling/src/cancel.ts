/** Stops a job from elsewhere. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyRun } from '@mien/jobs/redis';
import { lockHolder } from './folder-lock.ts';
import { labelFolder } from './label-folder.ts';
import { type Manifest, requireManifest, writeManifest } from './manifest.ts';
import { UserError } from '@mien/runtime';

const patienceMs = 30_000;

export interface CancelOptions {
  readonly dir: string;
  /** Address of the queue, to empty it where the process that filled it is gone. */
  readonly queue?: string | undefined;
}

/**
 * Asks the process that hands out the job to stop and waits until it has; where there is none, marks the job as
 * stopped and empties its queue. What is done stays, and the job can be gone on with. Throws `UserError` `no-job`,
 * `still-running`.
 */
export async function cancelJob({ dir, queue }: CancelOptions): Promise<Manifest> {
  const folder = labelFolder(dir);
  const manifest = await requireManifest(dir);
  if (manifest.state === 'done') return manifest;
  if (lockHolder(folder.lock)) {
    await writeFile(folder.cancel, '');
    for (const until = Date.now() + patienceMs; existsSync(folder.lock); await sleep(100)) {
      if (Date.now() > until) throw new UserError('still-running', `${dir}: the job has been asked to stop and has not yet; look again in a moment`);
    }
    return requireManifest(dir);
  }
  if (queue !== undefined) await emptyRun(queue, manifest.job);
  const stopped: Manifest = { ...manifest, state: 'stopped' };
  await writeManifest(dir, stopped);
  return stopped;
}
