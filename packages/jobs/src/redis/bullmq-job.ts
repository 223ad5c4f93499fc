/** A job as it lies in a BullMQ queue, and what its state there means. */
import type { Job } from 'bullmq';
import type { JobFailure } from '../failure.ts';
import type { JobEvent } from '../job.ts';

/** The part of a job that changes from attempt to attempt rides with its payload. */
export interface StoredJob<P> {
  readonly payload: P;
  readonly failures: number;
  readonly attempts: number;
}

export type QueuedJob<P, R> = Job<StoredJob<P>, R>;

/** BullMQ's codes for a job that is gone, locked by another, or in another state. */
export function isNoLongerOurs(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: string };
  return typeof code === 'number' ? code < 0 : /^Missing key for job/.test(message ?? '');
}

/** Of a job that has completed or been given up. */
export function outcomeOf<P, R>(job: QueuedJob<P, R>): JobEvent<R> {
  if (job.failedReason === undefined) return { type: 'completed', id: job.id!, result: job.returnvalue };
  let failure: JobFailure;
  try {
    failure = JSON.parse(job.failedReason) as JobFailure;
  } catch {
    failure = { retry: 'never', message: job.failedReason };
  }
  return { type: 'failed', id: job.id!, failure };
}
