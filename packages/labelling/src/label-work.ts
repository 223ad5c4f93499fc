/** Who does a job's chunks: processes of this machine, or whoever joins the queue in Redis. */
import { availableParallelism } from 'node:os';
import { EmbeddedEngine, type JobQueue, ProcessPool } from '@mien/jobs';
import { openQueuedRun } from '@mien/jobs/redis';
import type { ChunkOutcome, ChunkPayload, LabelPayload } from './label-handler.ts';
import type { LabelPoolInit } from './label-pool-worker.ts';

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
  const { engine, close } = await openQueuedRun<ChunkPayload, ChunkOutcome>({
    queue,
    name: job,
    kind: 'label',
    payload,
    leaseMs,
    onNotice,
    whenLeft: '`mien label cancel` does it later',
  });
  return { queue: engine, window: queuedWindow, broken: new Promise(() => {}), close };
}
