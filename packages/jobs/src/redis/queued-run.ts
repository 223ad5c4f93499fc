/** A run of jobs opened in Redis by the process that hands it out, and emptied when that process has gone. */
import { Queue } from 'bullmq';
import type { RetryPolicy } from '../failure.ts';
import { mienVersion } from '../version.ts';
import { within } from '../within.ts';
import { BullmqEngine } from './bullmq-engine.ts';
import { connectRedis } from './redis-connection.ts';
import { parseRedisUrl, redisWarning } from './redis-url.ts';
import { keyPrefix, RunBoard } from './run-board.ts';

const farewellMs = 5000;

export interface OpenQueuedRunOptions {
  /** Address of the Redis or Valkey server. */
  readonly queue: string;
  /** Name of the run. */
  readonly name: string;
  /** What its jobs are: picks the workers' handler. */
  readonly kind: string;
  /** What a worker must know before its first job; JSON. */
  readonly payload: unknown;
  readonly leaseMs?: number | undefined;
  readonly policy?: RetryPolicy;
  readonly onNotice: (message: string) => void;
  /** What the person can do where the queue could not be emptied at the end, as a sentence's second half. */
  readonly whenLeft: string;
}

export interface QueuedRun<P, R> {
  readonly engine: BullmqEngine<P, R>;
  /** Takes the run off the board; does not wait long for a server that is away. */
  close(): Promise<void>;
}

/** Opens the run. Throws `UserError` `bad-queue`, `no-queue`. */
export async function openQueuedRun<P, R>(options: OpenQueuedRunOptions): Promise<QueuedRun<P, R>> {
  const { queue, name, kind, payload, leaseMs, policy, onNotice, whenLeft } = options;
  const warning = await redisWarning(parseRedisUrl(queue));
  if (warning) onNotice(warning);
  const redis = await connectRedis(queue, (message) => onNotice(message ?? 'the queue is back'));
  const run = { id: name, kind, version: mienVersion, opened: Date.now(), payload, ...(policy ? { policy } : {}) };
  await new RunBoard(redis).open(run);
  const engine = new BullmqEngine<P, R>({ redis, run, ...(leaseMs === undefined ? {} : { leaseMs }) });
  return {
    engine,
    close: async () => {
      // A server that is away must not keep us: what it still holds is of no consequence.
      await within(farewellMs, engine.close(), 'the end of the queue').catch(() => onNotice(`the queue of ${name} could not be emptied; ${whenLeft}`));
      redis.disconnect();
    },
  };
}

/** Takes a run and its jobs out of Redis, where the process that opened it is gone. */
export async function emptyRun(address: string, name: string): Promise<void> {
  const redis = await connectRedis(address);
  const queue = new Queue(name, { connection: redis, prefix: keyPrefix });
  try {
    await new RunBoard(redis).close(name);
    await queue.obliterate({ force: true });
  } finally {
    await queue.close();
    redis.disconnect();
  }
}
