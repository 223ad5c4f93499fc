/** `mien worker`: a process that joins the queue and does chunks of whatever jobs are open there. */
import { connectRedis } from './jobs/redis-connection.ts';
import { parseRedisUrl, redisWarning } from './jobs/redis-url.ts';
import { serveRuns } from './jobs/serve-runs.ts';
import { type LabelWorkerOptions, openLabelHandler } from './label-handler.ts';
import { parsePathMap } from './path-map.ts';
import { mienVersion } from './version.ts';

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
  const warning = await redisWarning(parseRedisUrl(queue));
  if (warning) onNotice?.(warning);
  const redis = await connectRedis(queue, (message) => onNotice?.(message ?? 'the queue is back'));
  try {
    await serveRuns({
      redis,
      version: mienVersion,
      kinds: { label: (payload) => openLabelHandler(payload, options) },
      only: job,
      leaveWhenIdle: leaveWhenIdle ?? false,
      ...(leaseMs === undefined ? {} : { leaseMs }),
      ...(signal ? { signal } : {}),
      ...(onNotice ? { onNotice } : {}),
      ...(onDone ? { onDone } : {}),
    });
  } finally {
    redis.disconnect();
  }
}
