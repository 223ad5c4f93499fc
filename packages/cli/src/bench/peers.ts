/** Other engines on the same network, by the scripts in the repository's `benchmarks/`: never a dependency of Mien. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { availableParallelism } from 'node:os';
import type { StepCounts } from './timing.ts';

/** What a script prints as the last line of its standard output. */
export interface PeerSteps {
  /** As `PyTorch 1.13.0, channels_last`. */
  readonly engine: string;
  /** Milliseconds of each counted step, optimiser included. */
  readonly steps: readonly number[];
  /** Trainable parameters of the network that was trained. */
  readonly parameters: number;
  /** Loss at every step, where the script starts from the same weights and data as Mien. */
  readonly losses?: readonly number[];
}

export interface Skipped {
  /** Why, and how it can be had. */
  readonly skipped: string;
}

const run = promisify(execFile);

/** Present in a checkout, absent in the published package. */
const scripts = fileURLToPath(new URL('../../../../benchmarks/', import.meta.url));

const minute = 60_000;

async function runScript(command: string, args: readonly string[]): Promise<PeerSteps | Skipped> {
  const { stdout } = await run(command, args, { timeout: 20 * minute, maxBuffer: 2 ** 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as PeerSteps | Skipped;
}

function script(name: string): string | Skipped {
  const file = join(scripts, name);
  return existsSync(file) ? file : { skipped: `benchmarks/${name} is part of Mien's repository, not of the package` };
}

function flags(values: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** PyTorch on the processor, all cores, the faster memory format. Asks each Python until one has torch; PYTHON names another. */
export async function measurePyTorch(model: string, batch: number, { warmups, counted }: StepCounts): Promise<PeerSteps | Skipped> {
  const file = script('pytorch.py');
  if (typeof file !== 'string') return file;
  const args = [file, ...flags({ model, batch, warmups, counted, threads: availableParallelism() })];
  const pythons = process.env.PYTHON ? [process.env.PYTHON] : ['python3', '/usr/bin/python3'];
  let last: Skipped = { skipped: `no Python was found (${pythons.join(', ')})` };
  for (const python of pythons) {
    try {
      const result = await runScript(python, args);
      if (!('skipped' in result)) return result;
      last = result;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return last;
}

/** TensorFlow.js on WebAssembly, in Chromium with threads; or Mien itself in the same page. */
export async function measureInBrowser(engine: 'tfjs' | 'mien', batch: number, { warmups, counted }: StepCounts): Promise<PeerSteps | Skipped> {
  const file = script('browser.mjs');
  if (typeof file !== 'string') return file;
  return runScript(process.execPath, [file, ...flags({ engine, batch, warmups, counted, threads: availableParallelism() })]);
}
