/** A worker of the queue that does chunks of whatever labelling jobs are open there. */
import { parsePathMap } from '@mien/jobs';
import { serveQueue } from '@mien/jobs/redis';
import { type LabelWorkerOptions, openLabelHandler } from './label-handler.ts';

export interface WorkOptions extends LabelWorkerOptions {
  /** Address of the Redis or Valkey server. */
  readonly queue: string;
  /** Serve only the job of this name. */
  readonly job?: string | undefined;
  /** Leave when there is nothing to do. */
  readonly leaveWhenIdle?: boolean;
  /** Silence after which this worker counts as dead. */
  readonly leaseMs?: number | undefined;
  readonly signal?: AbortSignal;
  readonly onNotice?: (message: string) => void;
  /** Told after every chunk. */
  readonly onDone?: () => void;
}

/** Serves the queue until aborted. Throws `UserError`: `bad-queue`, `no-queue`, and refusals (see `serveRuns`). */
export async function work(options: WorkOptions): Promise<void> {
  const { queue, job, leaveWhenIdle, leaseMs, signal, onNotice, onDone } = options;
  parsePathMap(options.map);
  await serveQueue({
    queue,
    kinds: { label: (payload) => openLabelHandler(payload, options) },
    only: job,
    leaveWhenIdle: leaveWhenIdle ?? false,
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(signal ? { signal } : {}),
    ...(onNotice ? { onNotice } : {}),
    ...(onDone ? { onDone } : {}),
  });
}
