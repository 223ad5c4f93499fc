/** One interface to whatever distributes jobs: a list in this process, or Redis with workers on any machines. */
import type { JobFailure } from './failure.ts';
import type { Claim, JobEvent, JobSpec } from './job.ts';

/** The side that hands jobs out and gathers what became of them. One for each run of jobs. */
export interface JobQueue<P, R> {
  /** Puts jobs in line. An id that is in line already stays there once. */
  submit(jobs: readonly JobSpec<P>[]): Promise<void>;
  /** What happened since the last call; waits up to `waitMs` where nothing has. Outcomes come at least once. */
  collect(waitMs: number): Promise<JobEvent<R>[]>;
  /** Workers heard of lately. */
  workers(): Promise<number>;
  /** Ends the run: workers get no more jobs, what waits is dropped. */
  close(): Promise<void>;
}

/** The side that works. */
export interface JobSource<P, R> {
  /** Whether the run has ended, so that no claim will ever succeed again. */
  readonly ended: boolean;
  /** The next job, or undefined where none came up within about two seconds. */
  claim(): Promise<Claim<P> | undefined>;
  complete(claim: Claim<P>, result: R): Promise<void>;
  /** The job is tried again or given up, by the engine's retry policy. */
  fail(claim: Claim<P>, failure: JobFailure): Promise<void>;
  /** Gives the job back untried: this worker stops. */
  release(claim: Claim<P>): Promise<void>;
  /** Tells the submitter how far it is; must not be awaited for the work to go on. */
  progress(claim: Claim<P>, value: unknown): void;
}

export interface JobEngine<P, R> extends JobQueue<P, R>, JobSource<P, R> {}
