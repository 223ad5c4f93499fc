/** The job engine on BullMQ: jobs in Redis or Valkey, workers on any machines. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { isNoLongerOurs, outcomeOf, type QueuedJob, type StoredJob } from './bullmq-job.ts';
import { defaultRetryPolicy, type JobFailure, type RetryPolicy, retryDelayMs } from '../failure.ts';
import type { Claim, JobEvent, JobSpec } from '../job.ts';
import type { JobEngine } from '../job-engine.ts';
import { keyPrefix, RunBoard, type RunDescription } from './run-board.ts';

export interface BullmqEngineOptions {
  /** A connection as `connectRedis` opens it; the caller ends it. */
  readonly redis: Redis;
  readonly run: RunDescription;
  /** A job whose worker was silent for this long goes to another one, after at most one and two thirds of it. */
  readonly leaseMs?: number;
}

const defaultLeaseMs = 30_000;
/** Outcomes fetched in one look. */
const outcomesAtOnce = 200;
const restoreEveryMs = 10_000;
/** A run that is off the board for longer has ended; for a shorter time it may have been forgotten and be put back. */
const endedAfterMs = 2 * restoreEveryMs;
const pollMs = 50;
const claimWaitSeconds = 2;

/**
 * Outcomes stay in Redis until they were handed over, and what Redis forgets (a restart without persistence) is put in
 * line again by the submitter, who keeps the jobs of its window. So no job is lost; one may be done twice.
 */
export class BullmqEngine<P, R> implements JobEngine<P, R> {
  readonly #options: BullmqEngineOptions;
  readonly #policy: RetryPolicy;
  readonly #board: RunBoard;
  readonly #worker = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  readonly #held = new Map<string, { job: QueuedJob<P, R>; token: string; renew: NodeJS.Timeout }>();
  readonly #inFlight = new Map<string, JobSpec<P>>();
  #queue: Queue<StoredJob<P>, R> | undefined;
  #source: Worker<StoredJob<P>, R> | undefined;
  #beatAt = 0;
  #claims = 0;
  #restoredAt = Date.now();
  #missingSince = Number.POSITIVE_INFINITY;
  #handedOver: QueuedJob<P, R>[] = [];
  #ended = false;

  constructor(options: BullmqEngineOptions) {
    this.#options = options;
    this.#policy = options.run.policy ?? defaultRetryPolicy;
    this.#board = new RunBoard(options.redis);
    // A server that is back may have forgotten everything.
    options.redis.on('ready', this.#afterReconnect);
  }

  readonly #afterReconnect = (): void => {
    this.#restoredAt = 0;
  };

  get ended(): boolean {
    return this.#ended;
  }

  async submit(jobs: readonly JobSpec<P>[]): Promise<void> {
    for (const job of jobs) this.#inFlight.set(job.id, job);
    await this.#add(jobs);
  }

  async collect(waitMs: number): Promise<JobEvent<R>[]> {
    // Only now is it certain that the last call's outcomes have been dealt with.
    await Promise.all(this.#handedOver.splice(0).map((job) => job.remove().catch(() => {})));
    if (Date.now() - this.#restoredAt > restoreEveryMs) await this.#restoreForgotten();
    const until = Date.now() + waitMs;
    for (;;) {
      const outcomes = (await this.#getQueue().getJobs(['completed', 'failed'], 0, outcomesAtOnce - 1, true)) as QueuedJob<P, R>[];
      const remarks = (await this.#board.takeRemarks(this.#options.run.id)) as JobEvent<R>[];
      if (outcomes.length > 0 || remarks.length > 0 || Date.now() >= until) {
        this.#handedOver = outcomes;
        for (const { id } of outcomes) this.#inFlight.delete(id!);
        return [...remarks, ...outcomes.map(outcomeOf)];
      }
      await sleep(pollMs);
    }
  }

  async workers(): Promise<number> {
    return this.#board.workers(this.#options.run.id);
  }

  /** Takes the run off the board and its jobs out of Redis. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#board.close(this.#options.run.id);
    await this.#getQueue().obliterate({ force: true });
    await this.disconnect();
  }

  /** Leaves the run to others: what a worker does when it goes. */
  async disconnect(): Promise<void> {
    this.#ended = true;
    this.#options.redis.off('ready', this.#afterReconnect);
    for (const { renew } of this.#held.values()) clearInterval(renew);
    if (this.#source) {
      await this.#board.leave(this.#options.run.id, this.#worker);
      await this.#source.close(true);
      await this.#sweep();
    }
    await this.#queue?.close();
  }

  async claim(): Promise<Claim<P> | undefined> {
    const source = await this.#getSource();
    await this.#beat();
    const token = `${this.#worker}:${this.#claims++}`;
    let job: QueuedJob<P, R> | undefined;
    try {
      job = await source.getNextJob(token);
    } catch {
      // The connection broke while waiting. It is restored behind our back; the next claim waits for it.
      await sleep(claimWaitSeconds * 1000);
    }
    if (!job) {
      this.#missingSince = (await this.#board.isOpen(this.#options.run.id)) ? Number.POSITIVE_INFINITY : Math.min(this.#missingSince, Date.now());
      this.#ended ||= Date.now() - this.#missingSince > endedAfterMs;
      return undefined;
    }
    if (await this.#isReplaced()) {
      await job.moveToWait(token).catch(() => {});
      this.#ended = true;
      return undefined;
    }
    const deaths = job.stalledCounter;
    const { payload, failures } = job.data;
    if (deaths >= this.#policy.deaths) {
      await job.moveToFailed(new UnrecoverableError(`${deaths} workers died while working on it`), token).catch(() => {});
      return undefined;
    }
    return { id: job.id!, payload, failures, deaths, lost: this.#hold(job, token) };
  }

  async complete(claim: Claim<P>, result: R): Promise<void> {
    await this.#settle(claim, (job, token) => job.moveToCompleted(result, token, false));
  }

  async fail(claim: Claim<P>, failure: JobFailure): Promise<void> {
    await this.#settle(claim, async (job, token) => {
      const failures = job.data.failures + (failure.retry === 'again' ? 1 : 0);
      const attempts = job.data.attempts + 1;
      const delayMs = retryDelayMs(failure, failures, attempts + job.stalledCounter, this.#policy);
      if (delayMs === undefined) {
        await job.moveToFailed(new UnrecoverableError(JSON.stringify(failure)), token, false);
        return;
      }
      await job.updateData({ ...job.data, failures, attempts });
      await job.moveToDelayed(Date.now() + delayMs, token);
      await this.#board.remark(this.#options.run.id, { type: 'retrying', id: claim.id, failure, delayMs } satisfies JobEvent<R>);
    });
  }

  async release(claim: Claim<P>): Promise<void> {
    await this.#settle(claim, (job, token) => job.moveToWait(token));
  }

  progress({ id }: Claim<P>, value: unknown): void {
    this.#board.remark(this.#options.run.id, { type: 'progress', id, value } satisfies JobEvent<R>).catch(() => {});
  }

  /** Another run was opened under this name: its jobs lie in the same queue, and want other settings. */
  async #isReplaced(): Promise<boolean> {
    const { id, opened } = this.#options.run;
    const found = await this.#board.find(id);
    return found !== undefined && found.opened !== opened;
  }

  /** A worker that looks into a queue after its end leaves traces there. */
  async #sweep(): Promise<void> {
    const { redis, run } = this.#options;
    if (!(await this.#board.isOpen(run.id))) await redis.del(`${keyPrefix}:${run.id}:meta`, `${keyPrefix}:${run.id}:stalled-check`);
  }

  #getQueue(): Queue<StoredJob<P>, R> {
    if (!this.#queue) {
      this.#queue = new Queue(this.#options.run.id, { connection: this.#options.redis, prefix: keyPrefix });
      this.#queue.on('error', () => {});
    }
    return this.#queue;
  }

  async #getSource(): Promise<Worker<StoredJob<P>, R>> {
    if (!this.#source) {
      const leaseMs = this.#options.leaseMs ?? defaultLeaseMs;
      this.#source = new Worker(this.#options.run.id, null, {
        connection: this.#options.redis,
        prefix: keyPrefix,
        autorun: false,
        lockDuration: leaseMs,
        stalledInterval: Math.ceil(leaseMs / 3),
        // Deaths are counted by us, see `claim`.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        drainDelay: claimWaitSeconds,
      });
      // Broken connections; they are restored.
      this.#source.on('error', () => {});
      await this.#source.startStalledCheckTimer();
    }
    return this.#source;
  }

  async #add(jobs: readonly JobSpec<P>[]): Promise<void> {
    const opts = { removeOnComplete: false, removeOnFail: false, attempts: 1 };
    await this.#getQueue().addBulk(
      jobs.map(({ id, payload }) => ({ name: this.#options.run.kind, data: { payload, failures: 0, attempts: 0 }, opts: { ...opts, jobId: id } })),
    );
  }

  /** Puts back what a Redis without persistence forgot when it was restarted: the run itself and jobs of the window. */
  async #restoreForgotten(): Promise<void> {
    const { redis, run } = this.#options;
    if (!(await this.#board.isOpen(run.id))) await this.#board.open(run);
    const ids = [...this.#inFlight.keys()];
    const pipeline = redis.pipeline();
    for (const id of ids) pipeline.exists(`${keyPrefix}:${run.id}:${id}`);
    const found = (await pipeline.exec()) ?? [];
    await this.#add(ids.filter((_, i) => found[i]?.[1] === 0).map((id) => this.#inFlight.get(id)!));
    this.#restoredAt = Date.now();
  }

  /** Keeps the job ours until it is settled; the signal aborts when it no longer is. */
  #hold(job: QueuedJob<P, R>, token: string): AbortSignal {
    const lost = new AbortController();
    const leaseMs = this.#options.leaseMs ?? defaultLeaseMs;
    const renew = setInterval(() => {
      job.extendLock(token, leaseMs).catch(() => {
        clearInterval(renew);
        this.#held.delete(job.id!);
        lost.abort();
      });
      this.#beat().catch(() => {});
    }, leaseMs / 3);
    this.#held.set(job.id!, { job, token, renew });
    return lost.signal;
  }

  /** Ends our hold with an outcome. Where the job has become another worker's, it is that worker's outcome which counts. */
  async #settle({ id }: Claim<P>, tell: (job: QueuedJob<P, R>, token: string) => Promise<unknown>): Promise<void> {
    const held = this.#held.get(id);
    if (!held) return;
    clearInterval(held.renew);
    this.#held.delete(id);
    try {
      await tell(held.job, held.token);
    } catch (error) {
      if (!isNoLongerOurs(error)) throw error;
    }
  }

  async #beat(): Promise<void> {
    if (Date.now() - this.#beatAt < 5000) return;
    this.#beatAt = Date.now();
    await this.#board.beat(this.#options.run.id, this.#worker);
  }
}
