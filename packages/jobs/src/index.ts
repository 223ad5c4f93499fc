/** @mien/jobs: jobs submitted, claimed, done exactly as often as needed. Knows nothing of what they are about. Node only; over Redis: `@mien/jobs/redis`. */

export type { Claim, JobContext, JobEvent, JobHandler, JobSpec } from './job.ts';
export type { JobEngine, JobQueue, JobSource } from './job-engine.ts';
export { backOffMs, defaultRetryPolicy, errorOf, failureOf, type JobFailure, RetryLater, type RetryPolicy } from './failure.ts';
// Within this machine
export { EmbeddedEngine } from './embedded-engine.ts';
export { ProcessPool, type ProcessPoolOptions } from './process-pool.ts';
// Handing out, and working
export { runJobs, type RunJobsOptions } from './run-jobs.ts';
export { runWorker, type RunWorkerOptions } from './run-worker.ts';
export type { HandlerModule, OpenedHandler, OpenHandler } from './handler-module.ts';
// What workers of one run must agree on: the version, and where folders lie
export { mienVersion } from './version.ts';
export { type MapPath, parsePathMap } from './path-map.ts';
export { unreachable } from './reachable.ts';
// Waiting
export { within } from './within.ts';
