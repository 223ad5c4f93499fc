/** What a job is, for whoever hands jobs out and whoever works on them. */
import type { JobFailure } from './failure.ts';

/** One unit of work: an id that is unique within its run, and what to do, as JSON. Small: it may wait in Redis. */
export interface JobSpec<P> {
  readonly id: string;
  readonly payload: P;
}

/** A job in the hands of one worker. */
export interface Claim<P> extends JobSpec<P> {
  /** Failed attempts so far: the handler threw, and not a `RetryLater`. */
  readonly failures: number;
  /** Attempts that ended with the worker's death or silence. */
  readonly deaths: number;
  /** Aborted when the job has been given to another worker: stop, its result no longer counts. */
  readonly lost: AbortSignal;
}

/** What became of a job, told to the one who submitted it. */
export type JobEvent<R> =
  | { readonly type: 'completed'; readonly id: string; readonly result: R }
  /** Given up: it will not be tried again. */
  | { readonly type: 'failed'; readonly id: string; readonly failure: JobFailure }
  /** It will be tried again after `delayMs`. */
  | { readonly type: 'retrying'; readonly id: string; readonly failure: JobFailure; readonly delayMs: number }
  /** Whatever the handler reports on its way. May be lost or come late; never needed for the outcome. */
  | { readonly type: 'progress'; readonly id: string; readonly value: unknown };

export interface JobContext {
  /** Aborted when the worker stops or has lost the job. */
  readonly signal: AbortSignal;
  readonly progress: (value: unknown) => void;
}

/**
 * Does one job. It may be called again for a job that was done already, or while another worker that was thought dead
 * still works on it: what it leaves behind must be the same however often it runs (write beside, rename over).
 * Throws `RetryLater` for trouble of the place, `UserError` for what no repetition can mend.
 */
export type JobHandler<P, R> = (claim: Claim<P>, context: JobContext) => Promise<R>;
