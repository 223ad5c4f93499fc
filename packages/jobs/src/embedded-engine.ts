/** The job engine within this process: a list of jobs, and claims on them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultRetryPolicy, type JobFailure, type RetryPolicy, retryDelayMs } from './failure.ts';
import type { Claim, JobEvent, JobSpec } from './job.ts';
import type { JobEngine } from './job-engine.ts';

interface Entry<P> extends JobSpec<P> {
  failures: number;
  deaths: number;
  /** Attempts that ended in any kind of failure, for the back-off. */
  attempts: number;
}

const claimWaitMs = 2000;

export class EmbeddedEngine<P, R> implements JobEngine<P, R> {
  readonly #policy: RetryPolicy;
  readonly #entries = new Map<string, Entry<P>>();
  readonly #waiting: Entry<P>[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #events: JobEvent<R>[] = [];
  #wakeCollector: (() => void) | undefined;
  readonly #claimers: ((entry: Entry<P> | undefined) => void)[] = [];
  #workers = 0;
  #ended = false;

  constructor(policy: RetryPolicy = defaultRetryPolicy) {
    this.#policy = policy;
  }

  get ended(): boolean {
    return this.#ended;
  }

  async submit(jobs: readonly JobSpec<P>[]): Promise<void> {
    for (const { id, payload } of jobs) {
      if (this.#entries.has(id)) continue;
      const entry = { id, payload, failures: 0, deaths: 0, attempts: 0 };
      this.#entries.set(id, entry);
      this.#offer(entry);
    }
  }

  async collect(waitMs: number): Promise<JobEvent<R>[]> {
    if (this.#events.length === 0) {
      const timeout = new AbortController();
      const woken = new Promise<void>((resolve) => {
        this.#wakeCollector = resolve;
      });
      await Promise.race([woken, sleep(waitMs, undefined, { signal: timeout.signal }).catch(() => {})]);
      timeout.abort();
      this.#wakeCollector = undefined;
    }
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Set by whoever runs the workers. */
  setWorkers(count: number): void {
    this.#workers = count;
  }

  async workers(): Promise<number> {
    return this.#workers;
  }

  async close(): Promise<void> {
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#waiting.length = 0;
    for (const claimer of this.#claimers.splice(0)) claimer(undefined);
  }

  async claim(): Promise<Claim<P> | undefined> {
    const entry = this.#waiting.shift() ?? (this.#ended ? undefined : await this.#nextEntry());
    return entry && { id: entry.id, payload: entry.payload, failures: entry.failures, deaths: entry.deaths, lost: new AbortController().signal };
  }

  async complete({ id }: Claim<P>, result: R): Promise<void> {
    if (this.#entries.delete(id)) this.#tell({ type: 'completed', id, result });
  }

  async fail({ id }: Claim<P>, failure: JobFailure): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    if (failure.retry === 'again') entry.failures++;
    entry.attempts++;
    const delayMs = retryDelayMs(failure, entry.failures, entry.attempts, this.#policy);
    if (delayMs === undefined) {
      this.#giveUp(entry, failure);
      return;
    }
    this.#tell({ type: 'retrying', id, failure, delayMs });
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#offer(entry);
    }, delayMs);
    this.#timers.add(timer);
  }

  async release({ id }: Claim<P>): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry) this.#offer(entry);
  }

  progress({ id }: Claim<P>, value: unknown): void {
    this.#tell({ type: 'progress', id, value });
  }

  /** The worker that held the claim died: the job goes to another at once, or is given up after many deaths. */
  bury({ id }: Claim<P>): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.deaths++;
    if (entry.deaths < this.#policy.deaths) this.#offer(entry);
    else this.#giveUp(entry, { retry: 'never', message: `${entry.deaths} workers died while working on it` });
  }

  #giveUp(entry: Entry<P>, failure: JobFailure): void {
    this.#entries.delete(entry.id);
    this.#tell({ type: 'failed', id: entry.id, failure });
  }

  #offer(entry: Entry<P>): void {
    if (this.#ended) return;
    const claimer = this.#claimers.shift();
    if (claimer) claimer(entry);
    else this.#waiting.push(entry);
  }

  #nextEntry(): Promise<Entry<P> | undefined> {
    return new Promise((resolve) => {
      const settle = (entry: Entry<P> | undefined): void => {
        clearTimeout(timer);
        resolve(entry);
      };
      const timer = setTimeout(() => {
        this.#claimers.splice(this.#claimers.indexOf(settle), 1);
        resolve(undefined);
      }, claimWaitMs);
      this.#claimers.push(settle);
    });
  }

  #tell(event: JobEvent<R>): void {
    this.#events.push(event);
    this.#wakeCollector?.();
  }
}
