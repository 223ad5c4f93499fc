/** Hands a long row of jobs to an engine, a bounded window at a time, and gathers what becomes of them. */
import type { JobEvent, JobSpec } from './job.ts';
import type { JobQueue } from './job-engine.ts';

export interface RunJobsOptions<P, R> {
  readonly queue: JobQueue<P, R>;
  /** Read only as fast as there is room in the window, so that it may be far longer than memory. */
  readonly jobs: Iterable<JobSpec<P>> | AsyncIterable<JobSpec<P>>;
  /** Jobs in line or in work at once. Memory of the queue grows with this and with nothing else. */
  readonly window: number;
  /** Outcomes come once each; progress and retries as they happen. */
  readonly onEvent?: (event: JobEvent<R>) => void | Promise<void>;
  /** Called between looks at the queue, a few times a second. */
  readonly onTick?: () => void | Promise<void>;
  /** Aborting stops handing out; the call resolves without waiting for jobs in work. */
  readonly signal?: AbortSignal;
}

const collectWaitMs = 250;

/** Resolves true when every job has completed or been given up, false when it was aborted before. */
export async function runJobs<P, R>({ queue, jobs, window, onEvent, onTick, signal }: RunJobsOptions<P, R>): Promise<boolean> {
  const iterator = Symbol.asyncIterator in jobs ? jobs[Symbol.asyncIterator]() : jobs[Symbol.iterator]();
  const inFlight = new Set<string>();
  let exhausted = false;
  while (!signal?.aborted) {
    const next: JobSpec<P>[] = [];
    while (!exhausted && inFlight.size < window) {
      const { done, value } = await iterator.next();
      if (done) exhausted = true;
      else {
        next.push(value);
        inFlight.add(value.id);
      }
    }
    if (next.length > 0) await queue.submit(next);
    if (exhausted && inFlight.size === 0) return true;
    for (const event of await queue.collect(collectWaitMs)) {
      const settled = event.type === 'completed' || event.type === 'failed';
      // Outcomes may come twice, and from a run before this one that was cut short.
      if (settled && !inFlight.delete(event.id)) continue;
      await onEvent?.(event);
    }
    await onTick?.();
  }
  return false;
}
