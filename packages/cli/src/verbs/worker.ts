/** `mien worker`: does the work of jobs that wait in a queue: chunks of pictures to label, models to train. */
import type { Command } from 'commander';
import { parsePathMap } from '@mien/jobs';
import { serveQueue } from '@mien/jobs/redis';
import { UserError } from '@mien/runtime';
import { findModel } from '../find-model.ts';
import { note, parseCount } from '../output.ts';
import { queueVariable } from '../queue-variable.ts';
import { onTwoSignals } from '../two-signals.ts';

interface WorkerFlags {
  queue?: string;
  name?: string;
  threads?: number;
  model?: string;
  detector?: string;
  map?: string[];
  lease?: number;
  once?: boolean;
}

export function addWorkerVerb(program: Command): void {
  program
    .command('worker')
    .option('--queue <url>', `redis://… of the Redis or Valkey that \`mien label\`, \`mien sweep\` or \`mien ablate\` uses (or set ${queueVariable})`)
    .option('--name <name>', 'serve only the job of this name')
    .option('--threads <n>', 'threads (default 1: start one worker a core; for training, rather one worker with all of them)', parseCount('--threads', 1, 256))
    .option('--map <from=to...>', 'a folder of the job that lies elsewhere here, as /data=/mnt/data')
    .option('--model <model>', "labelling: use this copy of the job's model; another model is refused")
    .option('--detector <file>', "labelling: use this copy of the job's detector; another one is refused")
    .option('--lease <seconds>', 'silence after which this worker counts as dead (default 30)', parseCount('--lease', 1, 3600))
    .option('--once', 'leave when nothing is left to do')
    .addHelpText('after', '\nExample:\n  mien worker --queue redis://:password@host:6379 --map /data=/mnt/data')
    .action(async (flags: WorkerFlags) => {
      const queue = flags.queue ?? process.env[queueVariable];
      if (!queue)
        throw new UserError('bad-option', `--queue: expected the address of a Redis or Valkey, as redis://host:6379; give it or set ${queueVariable}`);
      const { threads = 1, map = [], detector, lease } = flags;
      // A mistake in it is better told now than by the first job.
      parsePathMap(map);
      const model = flags.model === undefined ? undefined : findModel(flags.model);
      const stop = new AbortController();
      onTwoSignals(() => {
        note('stopping; the job in work goes back to the queue, as far as it is');
        stop.abort();
      });
      const began = performance.now();
      let jobs = 0;
      note('waiting for work');
      await serveQueue({
        queue,
        kinds: {
          label: async (payload) => (await import('@mien/labelling')).openLabelHandler(payload, { threads, map, model, detector }),
          train: async (payload) => (await import('@mien/training')).openTrainingHandler(payload, { threads, map }),
        },
        only: flags.name,
        leaveWhenIdle: flags.once ?? false,
        ...(lease === undefined ? {} : { leaseMs: 1000 * lease }),
        signal: stop.signal,
        onNotice: note,
        onDone: () => jobs++,
      });
      note(`${jobs} jobs in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    });
}
