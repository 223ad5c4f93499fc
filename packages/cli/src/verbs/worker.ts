/** `mien worker`: does the work of jobs that wait in a queue. */
import type { Command } from 'commander';
import { work } from '@mien/labelling';
import { UserError } from '@mien/runtime';
import { findModel } from '../find-model.ts';
import { note, parseCount } from '../output.ts';
import { queueVariable } from './label.ts';

interface WorkerFlags {
  queue?: string;
  name?: string;
  threads?: number;
  model?: string;
  detector?: string;
  map?: string[];
  once?: boolean;
}

export function addWorkerVerb(program: Command): void {
  program
    .command('worker')
    .description('join a queue and do the work that waits there, on any machine that sees the same folders')
    .option('--queue <url>', `redis://… of the Redis or Valkey that \`mien label --queue\` uses (or set ${queueVariable})`)
    .option('--name <name>', 'serve only the job of this name')
    .option('--threads <n>', 'threads (default 1: start one worker a core)', parseCount('--threads', 1, 256))
    .option('--map <from=to...>', 'a folder of the job that lies elsewhere here, as /data=/mnt/data')
    .option('--model <model>', "use this copy of the job's model; another model is refused")
    .option('--detector <file>', "use this copy of the job's detector; another one is refused")
    .option('--once', 'leave when nothing is left to do')
    .addHelpText('after', '\nExample:\n  mien worker --queue redis://:password@host:6379 --map /data=/mnt/data')
    .action(async (flags: WorkerFlags) => {
      const queue = flags.queue ?? process.env[queueVariable];
      if (!queue)
        throw new UserError('bad-option', `--queue: expected the address of a Redis or Valkey, as redis://host:6379; give it or set ${queueVariable}`);
      const stop = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) {
        process.on(name, () => {
          if (stop.signal.aborted) process.exit(130);
          note('stopping; a chunk in work goes back to the queue');
          stop.abort();
        });
      }
      const began = performance.now();
      let chunks = 0;
      note('waiting for work');
      await work({
        queue,
        job: flags.name,
        threads: flags.threads ?? 1,
        map: flags.map ?? [],
        model: flags.model === undefined ? undefined : findModel(flags.model),
        detector: flags.detector,
        leaveWhenIdle: flags.once ?? false,
        signal: stop.signal,
        onNotice: note,
        onDone: () => chunks++,
      });
      note(`${chunks} chunks in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    });
}
