/** `mien sweep`: one recipe in many forms, with many seeds or over many folds, as one table. */
import { type Command, Option } from 'commander';
import type { Device } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import {
  candidatesOf,
  checkFolds,
  countsOf,
  formatMarkdown,
  isCount,
  isFailed,
  parseGrid,
  parseRandom,
  planAblation,
  type RowCost,
  planSweep,
  type RunOutcome,
  runSweep,
  type SearchSpace,
  summariseSweep,
  type SweepPlan,
  type SweepProgress,
  type SweepRun,
  writeResults,
  usualGflops,
  workOfRow,
} from '@mien/training';
import { countWords } from '../count-words.ts';
import { formatDuration, note, parseCount, printJson, printText, Progress } from '../output.ts';
import { addPlaceOptions, type PlaceFlags, placeOf } from '../training-place.ts';
import { untilInterrupted } from '../until-interrupted.ts';

interface SweepFlags extends PlaceFlags {
  data: string;
  out?: string;
  set: string[];
  grid: string[];
  random: string[];
  drawSeed: number;
  seeds?: string;
  members?: number;
  folds?: number;
  split?: string;
  halving?: boolean;
  eta: number;
  firstRung: number;
  dryRun?: boolean;
  gflops: number;
  device: Device;
  json?: boolean;
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

function planOf(recipe: string, flags: SweepFlags): SweepPlan {
  const space: SearchSpace = { grid: parseGrid(flags.grid), ...parseRandom(flags.random), seed: flags.drawSeed };
  const varied = candidatesOf(space).length > 1;
  if (!varied && flags.seeds === undefined && flags.members === undefined && flags.folds === undefined) {
    throw new UserError(
      'bad-sweep',
      'mien sweep: nothing to sweep over; give --grid, --random, --seeds, --members or --folds, or train once with `mien train`',
    );
  }
  const halving = flags.halving ? { eta: flags.eta, first: flags.firstRung } : undefined;
  const seeds = flags.seeds?.split(',').map((seed) => (seed.trim() === '' ? Number.NaN : Number(seed)));
  const { set, members, folds, split } = flags;
  return planSweep({ recipe, set, space, seeds, members, folds, split, halving }, note);
}

/** What all of it would cost, counted and not measured: nothing is trained. */
async function dryRun(plan: SweepPlan, { data, gflops, json }: SweepFlags): Promise<void> {
  await checkFolds(plan, data);
  const costs = await planAblation(plan, data, { tolerant: true });
  const { seeds, folds, halving, rows } = plan;
  const each = seeds.length * (folds ?? 1);
  const secondsOf = (cost: RowCost): number => workOfRow(cost) / (gflops * 1e9);
  const mean = costs.reduce((sum, cost) => sum + secondsOf(cost), 0) / costs.length;
  // Who goes on is not known yet: counted as candidates of mean cost.
  const shares = halving
    ? countsOf(rows.length, halving).map((count, i) => (count * (halving.rungs[i]! - (halving.rungs[i - 1] ?? 0))) / halving.rungs.at(-1)!)
    : [rows.length];
  const seconds = mean * each * shares.reduce((sum, share) => sum + share, 0);
  if (json) {
    printJson({ plan, rows: costs.map((cost) => ({ ...cost, secondsPerRun: secondsOf(cost) })), gflopsPerSecond: gflops, seconds });
    return;
  }
  const longest = Math.max(...costs.map(({ name }) => name.length));
  for (const cost of costs) {
    const { name, architecture, input, parameters, trainingRows } = cost;
    printText(
      `${name.padEnd(longest)}  ${architecture} ${input.join('×')}, ${(parameters / 1e6).toFixed(2)} M parameters; ${trainingRows} rows: ${formatDuration(secondsOf(cost))}`,
    );
  }
  if (halving)
    note(
      `halving: ${countsOf(rows.length, halving)
        .map((count, i) => `${count} to epoch ${halving.rungs[i]}`)
        .join(', ')}`,
    );
  note(
    `${rows.length} candidates, ${seeds.length} seeds${folds ? `, ${folds} folds` : ''}: ${rows.length * each} trainings, about ${formatDuration(seconds)} one after the other, counting convolutions and dense layers at ${gflops} GFLOP/s`,
  );
}

const nameOf = ({ row, seed, fold }: SweepRun): string => `${row}, seed ${seed}${fold === undefined ? '' : `, fold ${fold + 1}`}`;

function describeProgress({ run, index, total, event, secondsLeft, rung, rungs }: SweepProgress): string | undefined {
  if (isCount(event)) return `run ${index}/${total} ${nameOf(run)} · ${countWords[event.type]}: ${event.done} of ${event.total}`;
  if (event.type !== 'step') return undefined;
  const left = secondsLeft === undefined ? '' : ` · ${formatDuration(secondsLeft)} left${rungs > 1 ? ` of rung ${rung}/${rungs}` : ' of all'}`;
  return `run ${index}/${total} ${nameOf(run)} · epoch ${event.epoch}/${event.epochs} step ${event.step}/${event.stepsPerEpoch} · loss ${event.loss.toFixed(3)} · ${event.imagesPerSecond.toFixed(0)} images/s${left}`;
}

function tellOutcome(outcome: RunOutcome, run: SweepRun, index: number, total: number): void {
  const what = `run ${index}/${total} ${nameOf(run)}`;
  if (isFailed(outcome)) note(`${what}: ${outcome.failure}`);
  else {
    const paused = outcome.pausedAfter === undefined ? '' : ` after ${outcome.pausedAfter} epochs`;
    note(`${what}: accuracy ${percent(outcome.accuracy)}${paused} (n ${outcome.n}), best in epoch ${outcome.bestEpoch}, ${formatDuration(outcome.seconds)}`);
  }
}

async function sweep(recipe: string, flags: SweepFlags): Promise<void> {
  const plan = planOf(recipe, flags);
  if (flags.dryRun) {
    await dryRun(plan, flags);
    return;
  }
  const { out, data, device, threads } = flags;
  if (out === undefined) throw new UserError('no-out', 'mien sweep: name the folder of the sweep with --out, or look before you start with --dry-run');
  const place = placeOf(flags);
  const progress = new Progress();
  const tell = (message: string): void => {
    progress.end();
    note(message);
  };
  const outcome = await untilInterrupted(progress, (signal) =>
    runSweep({
      plan,
      data,
      out,
      device,
      // A process of its own for each training, so that one that crashes costs that training only.
      ...(place.queue === undefined ? { ...place, workers: place.workers ?? 1 } : place),
      signal,
      onNotice: tell,
      onProgress: (each) => {
        const line = describeProgress(each);
        if (line) progress.update(() => line);
      },
      onOutcome: (...each) => {
        progress.end();
        tellOutcome(...each);
      },
    }),
  );
  const summary = await summariseSweep({ plan, outcome, data, out, threads });
  const files = await writeResults(summary, out);
  if (flags.json) printJson({ ...summary, files });
  else printText(formatMarkdown(summary));
  note(
    outcome.finished
      ? `done: ${[files.markdown, files.csv, files.json, files.png, ...(summary.ensemble ? [summary.ensemble] : [])].join(', ')}`
      : 'stopped; the same command goes on',
  );
}

const several = (value: string, before: string[]): string[] => [...before, value];

export function addSweepVerb(program: Command): void {
  const verb = program
    .command('sweep')
    .argument('<recipe>', 'name of a recipe that comes with Mien, or a .yaml file')
    .requiredOption('--data <dir>', 'store made by `mien data import`')
    .option('--out <dir>', 'folder of the sweep: runs, results.md, .csv, .json, .png; over a queue, one that all workers see')
    .option('--grid <key=a,b,c...>', 'every combination of these values', several, [] as string[])
    .option(
      '--random <n key=lo..hi...>',
      'n draws from ranges (:log, :int) or lists, as --random 20 optimizer.learningRate=0.001..0.1:log batch=32,64',
      several,
      [] as string[],
    )
    .option('--draw-seed <n>', 'decides what --random draws; more draws begin with those of fewer', parseCount('--draw-seed', 0, 2 ** 31), 1)
    .option('--seeds <list>', "train each with these seeds, as 1,2,3 (default: the recipe's)")
    .option('--members <n>', 'n seeds of each; those of the best become ensemble.onnx', parseCount('--members', 2, 100))
    .option('--folds <k>', 'k-fold cross-validation: each training keeps one part of the rows apart, and is measured on it', parseCount('--folds', 2, 100))
    .option('--split <name>', 'measure on this split (default: the rows each recipe chooses its epoch on)')
    .option('--halving', 'successive halving: compare early, train on the better ones only')
    .option('--eta <n>', 'with --halving: one candidate in n goes on', parseCount('--eta', 2, 100), 3)
    .option('--first-rung <epochs>', 'with --halving: fewest epochs before candidates are compared', parseCount('--first-rung', 1, 10_000), 1)
    .option('--set <key=value>', 'change a field of every candidate’s recipe; repeatable', several, [] as string[])
    .option('--dry-run', 'show the candidates and what they would cost; trains nothing')
    .option(
      '--gflops <n>',
      'with --dry-run: what the machine computes in a second of training, in billions of operations; networks of depthwise convolutions are taken to make less of it',
      parseCount('--gflops', 1, 1_000_000),
      usualGflops,
    )
    .addOption(new Option('--device <device>', 'where to train; never replaced by another').choices(['cpu', 'webgpu', 'cuda']).default('cpu'))
    .option('--json', 'print the table as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  mien sweep mien-seresnet --data data/fer2013 --out runs/rates --grid optimizer.learningRate=0.03,0.1 batch=32,64 --seeds 1,2,3\n  mien sweep mien-seresnet --data data/fer2013 --out runs/search --random 27 optimizer.learningRate=0.01..0.3:log ema=0,0.998 --halving\n  mien sweep mien-seresnet --data data/fer2013 --out runs/folds --folds 5 --queue redis://:password@host:6379',
    )
    .action(sweep);
  addPlaceOptions(verb);
}
