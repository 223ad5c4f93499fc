/** Trainings in a folder, as their logs tell them: `log.jsonl` holds one JSON object a line, as `mien train` writes it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { RunEpoch, TrainingRun } from './api.ts';

/** What a log and a folder tell; whether a run is started from here they do not know. */
export type LoggedRun = Omit<TrainingRun, 'ours' | 'resumable'>;

/** A training touches its lock more often than this; one not touched for so long was left behind by a process that died. */
const longestSilenceMs = 60_000;

const figures = { loss: z.number(), accuracy: z.number() };
const event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), epochs: z.number() }),
  z.object({
    type: z.literal('step'),
    epoch: z.number(),
    step: z.number(),
    stepsPerEpoch: z.number(),
    imagesPerSecond: z.number(),
    secondsLeft: z.number(),
  }),
  z.object({ type: z.literal('epoch'), epoch: z.number(), best: z.boolean(), train: z.object(figures), validation: z.object(figures) }),
  z.object({ type: z.literal('stopped') }),
  z.object({ type: z.literal('diverged') }),
  z.object({ type: z.literal('done') }),
]);

/** The event of a line; undefined for a kind this page has no use for, and for a last line that is still being written. */
function readEvent(line: string): (z.infer<typeof event> & { time?: string }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = event.safeParse(value);
  return parsed.success ? { ...parsed.data, ...(value as { time?: string }) } : undefined;
}

/** What a log says; a run that was resumed tells an epoch again, the later one counts. */
export function readRunLog(name: string, log: string): LoggedRun {
  const epochs = new Map<number, RunEpoch>();
  let run: Omit<LoggedRun, 'epochs'> = { name, lastHeard: null, state: 'running', plannedEpochs: null, step: null };
  for (const line of log.split('\n')) {
    const said = readEvent(line);
    if (!said) continue;
    run = { ...run, lastHeard: said.time ?? run.lastHeard };
    if (said.type === 'start') run = { ...run, state: 'running', plannedEpochs: said.epochs };
    else if (said.type === 'step') {
      const { epoch, step, stepsPerEpoch, imagesPerSecond, secondsLeft } = said;
      run = { ...run, step: { epoch, step, stepsPerEpoch, imagesPerSecond, secondsLeft } };
    } else if (said.type === 'epoch') {
      const { epoch, best, train, validation } = said;
      epochs.set(epoch, {
        epoch,
        best,
        trainLoss: train.loss,
        trainAccuracy: train.accuracy,
        validationLoss: validation.loss,
        validationAccuracy: validation.accuracy,
      });
    } else run = { ...run, state: said.type };
  }
  return { ...run, epochs: [...epochs.values()].sort((a, b) => a.epoch - b.epoch) };
}

async function isGoingOn(dir: string): Promise<boolean> {
  const lock = await stat(join(dir, 'lock')).catch(() => undefined);
  return lock !== undefined && Date.now() - lock.mtimeMs < longestSilenceMs;
}

async function readRun(dir: string): Promise<LoggedRun | undefined> {
  const log = await readFile(join(dir, 'log.jsonl'), 'utf8').catch(() => undefined);
  if (log === undefined) return undefined;
  const run = readRunLog(basename(dir), log);
  return run.state === 'running' && !(await isGoingOn(dir)) ? { ...run, state: 'interrupted' } : run;
}

/** Whether a run may be called so: a plain folder name. */
export function isRunName(name: string): boolean {
  return /^\w[\w.-]{0,99}$/.test(name);
}

/** The folder of a run that `listRuns` lists under `name`; undefined when there is none. */
export async function runDirOf(dir: string, name: string): Promise<string | undefined> {
  const { runs, itself } = await listRuns(dir);
  if (!runs.some((run) => run.name === name)) return undefined;
  return itself ? dir : join(dir, name);
}

/** The folder itself if it is a run, else the runs in it, the latest first. A folder that cannot be read holds none. */
export async function listRuns(dir: string): Promise<{ readonly itself: boolean; readonly runs: readonly LoggedRun[] }> {
  const itself = await readRun(dir);
  if (itself) return { itself: true, runs: [itself] };
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(entries.filter((entry) => entry.isDirectory()).map(({ name }) => readRun(join(dir, name))));
  const runs = found.filter((run) => run !== undefined);
  return { itself: false, runs: runs.sort((a, b) => (b.lastHeard ?? '').localeCompare(a.lastHeard ?? '') || a.name.localeCompare(b.name)) };
}
