/** `mien bench`: how fast this machine is, and how good the models are. */
import { type Command, Option } from 'commander';
import { DeviceError, type Device } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import { conditions, tableRows } from '../bench/engine-table.ts';
import { writeBench } from '../bench/write-bench.ts';
import { benchEngine, type BenchPart, benchParts, type EngineBench, type EngineBenchOptions } from '../bench-engine.ts';
import { addAccuracyCommand } from '../bench-accuracy-command.ts';
import { addFlickerCommand } from '../bench-flicker-command.ts';
import { note, parseCount, printJson, printText, Progress } from '../output.ts';

interface EngineFlags {
  parts?: string;
  device: Device;
  warmups: number;
  steps: number;
  soakSteps: number;
  batch?: number;
  out?: string;
  json?: boolean;
}

/** What is measured of the device asked for; the other parts are of the processor, whatever is asked. */
const deviceParts: readonly BenchPart[] = ['steps'];

function parseParts(text: string | undefined, device: Device): BenchPart[] {
  if (text === undefined) return device === 'cpu' ? [...benchParts] : [...deviceParts];
  const parts = text.split(',').map((part) => part.trim());
  const unknown = parts.find((part) => !(benchParts as readonly string[]).includes(part));
  if (unknown !== undefined) throw new UserError('bad-option', `--parts ${text}: expected some of ${benchParts.join(',')}, got "${unknown}"`);
  const elsewhere = device === 'cpu' ? [] : parts.filter((part) => !(deviceParts as readonly string[]).includes(part));
  if (elsewhere.length > 0)
    throw new UserError('bad-option', `--parts ${text}: ${elsewhere.join(', ')} measure the processor, not ${device}; leave them out, or leave --device out`);
  return parts as BenchPart[];
}

async function measure(options: EngineBenchOptions): Promise<EngineBench> {
  try {
    return await benchEngine(options);
  } catch (error) {
    if (error instanceof DeviceError) throw new UserError('device-unavailable', error.message, { cause: error });
    throw error;
  }
}

function printTable(bench: EngineBench): void {
  printText(conditions(bench));
  const rows = tableRows(bench);
  const width = Math.max(...rows.map((row) => row.measure.length));
  for (const { measure: name, shown, must, aim, note: how } of rows) {
    const goals = must ? ` (must ${must}, aim ${aim})` : '';
    printText(`${name.padEnd(width)}  ${shown}${goals}; ${how}`);
  }
}

async function runEngineBench(flags: EngineFlags): Promise<void> {
  const progress = new Progress();
  const bench = await measure({
    parts: parseParts(flags.parts, flags.device),
    device: flags.device,
    warmups: flags.warmups,
    counted: flags.steps,
    soakSteps: flags.soakSteps,
    ...(flags.batch === undefined ? {} : { batch: flags.batch }),
    say: note,
    onProgress: (what, done, total) => progress.count(what, done, total),
  });
  progress.end();
  if (flags.out) note(`written: ${(await writeBench(flags.out, bench)).join(', ')}`);
  if (flags.json) printJson(bench);
  else printTable(bench);
}

export function addBenchVerb(program: Command): void {
  const bench = program.command('bench');
  addAccuracyCommand(bench);
  addFlickerCommand(bench);
  bench
    .command('engine')
    .description('training steps, memory and other engines, beside the matrix-multiply roofline of the same run')
    .option('--parts <list>', `some of ${benchParts.join(',')} (default: all; on another device than the processor ${deviceParts.join(',')})`)
    .addOption(new Option('--device <device>', 'where to train; never replaced by another').choices(['cpu', 'webgpu', 'cuda']).default('cpu'))
    .option('--warmups <n>', 'steps before those that count', parseCount('--warmups', 1, 100), 2)
    .option('--steps <n>', 'steps that count; their median is shown', parseCount('--steps', 1, 1000), 9)
    .option('--soak-steps <n>', 'steps of the part `soak`', parseCount('--soak-steps', 20, 1_000_000), 2000)
    .option('--batch <n>', 'images in every batch instead of the usual ones, to try things out', parseCount('--batch', 1, 1024))
    .option('--out <dir>', 'write engine.json and engine.md there')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  mien bench engine --out benchmarks\n  mien bench engine --parts steps --device webgpu')
    .action(runEngineBench);
}
