/** @mien/jobs/redis: the same jobs over BullMQ on Redis or Valkey, with workers on any machines. */

export { BullmqEngine, type BullmqEngineOptions } from './bullmq-engine.ts';
// The server
export { connectRedis } from './redis-connection.ts';
export { isPublicAddress, parseRedisUrl, redisWarning, showRedisUrl } from './redis-url.ts';
// Runs of jobs: opened by one process, served by many
export { checkRunName, keyPrefix, RunBoard, type RunDescription } from './run-board.ts';
export { emptyRun, openQueuedRun, type OpenQueuedRunOptions, type QueuedRun } from './queued-run.ts';
export { serveRuns, type ServeRunsOptions } from './serve-runs.ts';
export { serveQueue, type ServeQueueOptions } from './serve-queue.ts';
