/** A worker of the queue: serves whatever runs are open there, the oldest first. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@mien/runtime';
import type { Redis } from 'ioredis';
import { BullmqEngine } from './bullmq-engine.ts';
import type { OpenedHandler, OpenHandler } from '../handler-module.ts';
import { RunBoard, type RunDescription } from './run-board.ts';
import { runWorker } from '../run-worker.ts';

export interface ServeRunsOptions {
  readonly redis: Redis;
  /** The version of Mien this worker is; runs opened by another one are refused. */
  readonly version: string;
  /** What this worker can do, by kind of run. */
  // biome-ignore lint/suspicious/noExplicitAny: each kind has payload and result types of its own
  readonly kinds: Readonly<Record<string, OpenHandler<any, any>>>;
  /** Serve only the run of this name. */
  readonly only?: string | undefined;
  /** Leave when no run is open that this worker can serve. */
  readonly leaveWhenIdle?: boolean;
  readonly leaseMs?: number;
  /** Aborting gives the job in work back and ends the call. */
  readonly signal?: AbortSignal;
  readonly onNotice?: (message: string) => void;
  readonly onDone?: () => void;
}

interface OpenRun {
  /** Names are used again: only with this is it the same run. */
  readonly opened: number;
  readonly engine: BullmqEngine<unknown, unknown>;
  readonly handler: OpenedHandler<unknown, unknown>;
}

const lookMs = 1000;

/**
 * Works until aborted, or until idle where that was asked for. Throws the `UserError` of a refusal (another version,
 * another model, folders this machine does not see) when no open run can be served.
 */
export async function serveRuns(options: ServeRunsOptions): Promise<void> {
  const { redis, only, signal, onNotice } = options;
  const board = new RunBoard(redis);
  const open = new Map<string, OpenRun>();
  const refused = new Map<string, UserError>();
  try {
    while (!signal?.aborted) {
      const runs = (await board.runs()).filter((run) => only === undefined || run.id === only);
      await forgetClosed(open, runs);
      let served = false;
      for (const run of runs) {
        const key = refusalKey(run);
        if (signal?.aborted || refused.has(key)) continue;
        try {
          if (!open.has(run.id)) {
            open.set(run.id, await openRun(run, options));
            onNotice?.(`joined ${run.kind} run ${run.id}`);
          }
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          refused.set(key, error);
          // Told here where others can be served, thrown below where none can.
          if (runs.length > 1) onNotice?.(error.message);
          continue;
        }
        served = true;
        await serve(open.get(run.id)!, options);
      }
      if (served) continue;
      const refusal = runs.map((run) => refused.get(refusalKey(run))).find((error) => error !== undefined);
      if (refusal) throw refusal;
      if (options.leaveWhenIdle) return;
      await sleep(lookMs, undefined, signal ? { signal } : {}).catch(() => {});
    }
  } finally {
    await forgetClosed(open, []);
  }
}

/** A run that is opened again under the same name is looked at again. */
function refusalKey({ id, opened }: RunDescription): string {
  return `${id} ${opened}`;
}

async function openRun(run: RunDescription, { redis, version, kinds, leaseMs }: ServeRunsOptions): Promise<OpenRun> {
  if (run.version !== version) {
    throw new UserError('other-version', `run ${run.id} was opened by Mien ${run.version}, this worker is ${version}: refused; install ${run.version} here`);
  }
  const openHandler = kinds[run.kind];
  if (!openHandler) throw new UserError('other-kind', `run ${run.id} is of kind ${run.kind}, this worker knows ${Object.keys(kinds).join(', ')}: refused`);
  return { opened: run.opened, handler: await openHandler(run.payload), engine: new BullmqEngine({ redis, run, ...(leaseMs ? { leaseMs } : {}) }) };
}

/** Works on one run until nothing waits in it. */
async function serve({ engine, handler }: OpenRun, { signal, onDone }: ServeRunsOptions): Promise<void> {
  await runWorker({
    source: engine,
    handler: handler.handle,
    shouldLeave: () => true,
    ...(signal ? { signal } : {}),
    ...(onDone ? { onDone } : {}),
  });
}

async function forgetClosed(open: Map<string, OpenRun>, runs: readonly RunDescription[]): Promise<void> {
  for (const [id, { opened, engine, handler }] of open) {
    if (runs.some((run) => run.id === id && run.opened === opened) && !engine.ended) continue;
    open.delete(id);
    await engine.disconnect();
    await handler.release();
  }
}
