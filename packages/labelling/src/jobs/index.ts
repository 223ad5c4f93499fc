/** Jobs: submitted, claimed, done exactly as often as needed. Knows nothing of what they are about. */

export type { Claim, JobContext, JobEvent, JobHandler, JobSpec } from './job.ts';
export type { JobEngine, JobQueue, JobSource } from './job-engine.ts';
export { backOffMs, defaultRetryPolicy, errorOf, failureOf, type JobFailure, RetryLater, type RetryPolicy } from './failure.ts';
// Engines
export { EmbeddedEngine } from './embedded-engine.ts';
export { BullmqEngine, type BullmqEngineOptions } from './bullmq-engine.ts';
// Handing out, and working
export { runJobs, type RunJobsOptions } from './run-jobs.ts';
export { runWorker, type RunWorkerOptions } from './run-worker.ts';
export type { HandlerModule, OpenedHandler, OpenHandler } from './handler-module.ts';
export { ProcessPool, type ProcessPoolOptions } from './process-pool.ts';
// Redis
export { connectRedis } from './redis-connection.ts';
export { isPublicAddress, parseRedisUrl, redisWarning, showRedisUrl } from './redis-url.ts';
export { checkRunName, keyPrefix, RunBoard, type RunDescription } from './run-board.ts';
export { serveRuns, type ServeRunsOptions } from './serve-runs.ts';
