/** A worker's whole life: connects to the queue, serves its runs, and leaves. */
import { mienVersion } from '../version.ts';
import { connectRedis } from './redis-connection.ts';
import { parseRedisUrl, redisWarning } from './redis-url.ts';
import { serveRuns, type ServeRunsOptions } from './serve-runs.ts';

export interface ServeQueueOptions extends Omit<ServeRunsOptions, 'redis' | 'version'> {
  /** Address of the Redis or Valkey server. */
  readonly queue: string;
}

/** Serves the queue until aborted. Throws `UserError`: `bad-queue`, `no-queue`, and refusals (see `serveRuns`). */
export async function serveQueue({ queue, ...options }: ServeQueueOptions): Promise<void> {
  const { onNotice } = options;
  const warning = await redisWarning(parseRedisUrl(queue));
  if (warning) onNotice?.(warning);
  const redis = await connectRedis(queue, (message) => onNotice?.(message ?? 'the queue is back'));
  try {
    await serveRuns({ ...options, redis, version: mienVersion });
  } finally {
    redis.disconnect();
  }
}
