/** Failed jobs: which are tried again, and when. */
import { UserError } from '@mien/runtime';

/** Trouble of the place, not of the job: a full disk, a folder that is not mounted. Tried again until it has passed. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
}

/** An error on its way between processes. */
export interface JobFailure {
  /** `later`: again, however often; `again`: up to `RetryPolicy.failures` times; `never`: given up at once. */
  readonly retry: 'later' | 'again' | 'never';
  readonly message: string;
  /** The code of a `UserError`. */
  readonly code?: string;
  readonly stack?: string;
}

export interface RetryPolicy {
  /** Failures after which a job is given up. */
  readonly failures: number;
  /** Deaths of its worker after which a job is given up. Workers are killed for many reasons: be patient. */
  readonly deaths: number;
  /** Wait before the second attempt; doubles with every further one. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/** Eight failures span about two minutes; thirty deaths hardly happen to a job that is not their cause. */
export const defaultRetryPolicy: RetryPolicy = { failures: 8, deaths: 30, firstDelayMs: 1000, longestDelayMs: 60_000 };

export function failureOf(error: unknown): JobFailure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof RetryLater) return { retry: 'later', message };
  if (error instanceof UserError) return { retry: 'never', message, code: error.code };
  return { retry: 'again', message, ...(stack === undefined ? {} : { stack }) };
}

/** The error a failure stands for: a `UserError` again where it was one. */
export function errorOf({ message, code, stack }: JobFailure): Error {
  if (code !== undefined) return new UserError(code, message);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/**
 * Milliseconds before the attempt after the n-th failure, n ≥ 1: firstDelayMs · 2^(n−1), at most longestDelayMs, of
 * which a random half is taken off, so that a thousand jobs that failed together do not come back together.
 */
export function backOffMs(n: number, { firstDelayMs, longestDelayMs }: RetryPolicy): number {
  const whole = Math.min(longestDelayMs, firstDelayMs * 2 ** (n - 1));
  return Math.round(whole * (0.5 + 0.5 * Math.random()));
}

/** Whether a job that failed (its `failures` counting this one) is tried again, and after how long. */
export function retryDelayMs(failure: JobFailure, failures: number, attempts: number, policy: RetryPolicy): number | undefined {
  if (failure.retry === 'never' || (failure.retry === 'again' && failures >= policy.failures)) return undefined;
  return backOffMs(Math.max(1, attempts), policy);
}
