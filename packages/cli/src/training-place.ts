/** Options of verbs that train many times: in this process, in several, or over a queue. */
import type { Command } from 'commander';
import type { TrainingPlace } from '@mien/training';
import { parseCount } from './output.ts';
import { queueVariable } from './queue-variable.ts';

export interface PlaceFlags {
  workers?: number;
  threads?: number;
  queue?: string;
  name?: string;
}

export function addPlaceOptions(verb: Command): void {
  verb
    .option('--workers <n>', 'train so many at once, each in a process of its own', parseCount('--workers', 1, 256))
    .option('--threads <n>', 'threads of each training (default: all cores, shared by the workers)', parseCount('--threads', 1, 256))
    .option('--queue <url>', `redis://… of a Redis or Valkey: \`mien worker\` processes train (or set ${queueVariable})`)
    .option('--name <name>', 'name in the queue (default: made up)');
}

/** `--workers` says that the work is to be done here, whatever the environment names. */
export function placeOf({ workers, threads, queue, name }: PlaceFlags): TrainingPlace {
  return { workers, threads, queue: queue ?? (workers === undefined ? process.env[queueVariable] : undefined), name };
}
