/** Who trains: this process, processes of this machine, or whoever joins the queue in Redis. */
import { availableParallelism } from 'node:os';
import { EmbeddedEngine, type JobQueue, ProcessPool, type RetryPolicy, runWorker } from '@mien/jobs';
import { openTrainingHandler } from './training-handler.ts';
import type { TrainingDone, TrainingJob, TrainingRunPayload } from './training-job.ts';
import type { TrainingPoolInit } from './training-pool-worker.ts';

/** Where trainings are to be done. */
export interface TrainingPlace {
  /** Processes of this machine that train at once; default: none, one training after the other in this one. */
  readonly workers?: number | undefined;
  /** Threads of each; default: the cores divided among the workers. */
  readonly threads?: number | undefined;
  /** Address of a Redis or Valkey server: `mien worker` processes train. */
  readonly queue?: string | undefined;
  /** Name of the run in the queue. */
  readonly name?: string | undefined;
  /** Silence after which a queue worker's training goes to another. */
  readonly leaseMs?: number | undefined;
}

export interface TrainingWork {
  readonly queue: JobQueue<TrainingJob, TrainingDone>;
  /** Trainings in line or in work at once. */
  readonly window: number;
  /** Whether its workers come and go by themselves. */
  readonly isQueued: boolean;
  /** Rejects where nobody can ever train. */
  readonly broken: Promise<never>;
  /** Trainings in work end after their step, with a checkpoint. */
  close(): Promise<void>;
}

/** A training is dear: what fails twice has a reason, and what its worker dies of ten times will not live. */
const policy: RetryPolicy = { failures: 2, deaths: 10, firstDelayMs: 2000, longestDelayMs: 60_000 };
const queuedWindow = 1024;
/** A step of the largest network, and writing its checkpoint. */
const stopMs = 60_000;

export async function openTrainingWork(payload: TrainingRunPayload, place: TrainingPlace, onNotice: (message: string) => void): Promise<TrainingWork> {
  if (place.queue !== undefined) return openQueued(payload, { ...place, queue: place.queue }, onNotice);
  return place.workers === undefined ? openHere(payload, place) : openPool(payload, { ...place, workers: place.workers }, onNotice);
}

async function openHere(payload: TrainingRunPayload, { threads }: TrainingPlace): Promise<TrainingWork> {
  const engine = new EmbeddedEngine<TrainingJob, TrainingDone>(policy);
  const handler = await openTrainingHandler(payload, { threads, map: [], progressEveryMs: 0 });
  const stop = new AbortController();
  engine.setWorkers(1);
  const working = runWorker({ source: engine, handler: handler.handle, signal: stop.signal });
  const broken = new Promise<never>((_, reject) => {
    working.catch(reject);
  });
  broken.catch(() => {});
  return {
    queue: engine,
    window: 1,
    isQueued: false,
    broken,
    close: async () => {
      stop.abort();
      await engine.close();
      await working.catch(() => {});
    },
  };
}

function openPool(payload: TrainingRunPayload, { workers, threads }: TrainingPlace & { workers: number }, onNotice: (message: string) => void): TrainingWork {
  const engine = new EmbeddedEngine<TrainingJob, TrainingDone>(policy);
  const pool = new ProcessPool({
    engine,
    workers,
    module: new URL('./training-pool-worker.js', import.meta.url).href,
    init: { payload, threads: threads ?? Math.max(1, Math.floor(availableParallelism() / workers)) } satisfies TrainingPoolInit,
    stopMs,
    onDeath: (reason) => onNotice(`a worker process died (${reason}); its training goes on in another one, from its last checkpoint`),
  });
  return {
    queue: engine,
    window: workers,
    isQueued: false,
    broken: pool.broken,
    close: async () => {
      await pool.close();
      await engine.close();
    },
  };
}

async function openQueued(
  payload: TrainingRunPayload,
  { queue, name, leaseMs }: TrainingPlace & { queue: string },
  onNotice: (message: string) => void,
): Promise<TrainingWork> {
  // Only here: whoever trains on one machine loads nothing of Redis.
  const { openQueuedRun } = await import('@mien/jobs/redis');
  const whenLeft = 'its workers leave it when they find it closed; the same command empties it';
  const { engine, close } = await openQueuedRun<TrainingJob, TrainingDone>({ queue, name: name!, kind: 'train', payload, leaseMs, policy, onNotice, whenLeft });
  return { queue: engine, window: queuedWindow, isQueued: true, broken: new Promise(() => {}), close };
}
