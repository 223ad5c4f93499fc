/** Who does a job's chunks: processes of this machine, or whoever joins the queue in Redis. */
import { availableParallelism } from 'node:os';
import type { Redis } from 'ioredis';
import { BullmqEngine } from './jobs/bullmq-engine.ts';
import { EmbeddedEngine } from './jobs/embedded-engine.ts';
import type { JobQueue } from './jobs/job-engine.ts';
import { ProcessPool } from './jobs/process-pool.ts';
import { connectRedis } from './jobs/redis-connection.ts';
import { parseRedisUrl, redisWarning } from './jobs/redis-url.ts';
import { RunBoard } from './jobs/run-board.ts';
import type { ChunkOutcome, ChunkPayload, LabelPayload } from './label-handler.ts';
import type { LabelPoolInit } from './label-pool-worker.ts';
import { mienVersion } from './version.ts';
import { within } from './within.ts';

export interface Work {
  readonly queue: JobQueue<ChunkPayload, ChunkOutcome>;
  /** Chunks in line or in work at once. */
  readonly window: number;
  /** Rejects where no worker can ever do the job. */
  readonly broken: Promise<never>;
  close(): Promise<void>;
}

export interface LocalWorkOptions {
  /** Processes; default: as many as cores allow. */
  readonly workers?: number | undefined;
  /** Threads of each; default 1. */
  readonly threads?: number | undefined;
  /** URL of a recogniser's module, see `LabelWorkerOptions`. */
  readonly recogniser?: string | undefined;
  readonly onNotice: (message: string) => void;
}

/**
 * Chunks in line in Redis: enough that workers by the hundred never wait for the one who hands out, and little enough
 * that the queue takes a few megabytes, however large the job.
 */
const queuedWindow = 1024;
const farewellMs = 5000;

export function openLocalWork(payload: LabelPayload, { workers, threads = 1, recogniser, onNotice }: LocalWorkOptions): Work {
  const engine = new EmbeddedEngine<ChunkPayload, ChunkOutcome>();
  const processes = workers ?? Math.max(1, Math.floor(availableParallelism() / threads));
  const pool = new ProcessPool({
    engine,
    workers: processes,
    module: new URL('./label-pool-worker.js', import.meta.url).href,
    init: { payload, threads, ...(recogniser === undefined ? {} : { recogniser }) } satisfies LabelPoolInit,
    // A worker takes the threads it was given: libvips would take as many as there are cores.
    env: { VIPS_CONCURRENCY: String(threads) },
    onDeath: (reason) => onNotice(`a worker process died (${reason}); its chunk goes to another one`),
  });
  return {
    queue: engine,
    // One in work and one ready for each.
    window: 2 * processes,
    broken: pool.broken,
    close: async () => {
      await pool.close();
      await engine.close();
    },
  };
}

export interface QueuedWorkOptions {
  /** Address of the Redis or Valkey server. */
  readonly queue: string;
  readonly job: string;
  readonly leaseMs?: number | undefined;
  readonly onNotice: (message: string) => void;
}

/** Throws `UserError` `bad-queue`, `no-queue`. */
export async function openQueuedWork(payload: LabelPayload, { queue, job, leaseMs, onNotice }: QueuedWorkOptions): Promise<Work> {
  const warning = await redisWarning(parseRedisUrl(queue));
  if (warning) onNotice(warning);
  const redis: Redis = await connectRedis(queue, (message) => onNotice(message ?? 'the queue is back'));
  const run = { id: job, kind: 'label', version: mienVersion, opened: Date.now(), payload };
  await new RunBoard(redis).open(run);
  const engine = new BullmqEngine<ChunkPayload, ChunkOutcome>({ redis, run, ...(leaseMs === undefined ? {} : { leaseMs }) });
  return {
    queue: engine,
    window: queuedWindow,
    broken: new Promise(() => {}),
    close: async () => {
      // A server that is away must not keep us: what it still holds is of no consequence.
      await within(farewellMs, engine.close(), 'the end of the queue').catch(() =>
        onNotice(`the queue of job ${job} could not be emptied; \`mien label cancel\` does it later`),
      );
      redis.disconnect();
    },
  };
}
