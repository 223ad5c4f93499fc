/** `mien ablate`: the rows of an ablation, each trained with several seeds, as one table. */
import { type Command, Option } from 'commander';
import type { Device } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import {
  type AblationPlan,
  type AblationProgress,
  ablationNames,
  findPlace,
  formatMarkdown,
  isCount,
  isFailed,
  loadAblation,
  planAblation,
  runAblation,
  type RunOutcome,
  type RowCost,
  runsOf,
  summariseAblation,
  updateDocument,
  usualGflops,
  workOfRow,
  writeResults,
} from '@mien/training';
import { countWords } from '../count-words.ts';
import { formatDuration, note, parseCount, printJson, printText, Progress } from '../output.ts';
import { addPlaceOptions, type PlaceFlags, placeOf } from '../training-place.ts';
import { untilInterrupted } from '../until-interrupted.ts';

interface AblateFlags extends PlaceFlags {
  data: string;
  out?: string;
  set: string[];
  seeds?: number[];
  update?: string;
  dryRun?: boolean;
  gflops: number;
  device: Device;
  json?: boolean;
}

function parseSeeds(text: string): number[] {
  const seeds = text.split(',').map((seed) => (seed.trim() === '' ? Number.NaN : Number(seed)));
  if (seeds.some((seed) => !Number.isInteger(seed))) throw new UserError('bad-option', `--seeds ${text}: expected whole numbers with commas between, as 1,2,3`);
  return seeds;
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

/** What every row would cost, counted and not measured: nothing is trained. */
async function dryRun(plan: AblationPlan, { data, gflops, json }: AblateFlags): Promise<void> {
  const costs = await planAblation(plan, data);
  const secondsOf = (cost: RowCost): number => workOfRow(cost) / (gflops * 1e9);
  const trainings = runsOf(plan, '').filter(({ sameAs }) => !sameAs);
  const seconds = trainings.reduce((sum, { row }) => sum + secondsOf(costs.find(({ name }) => name === row)!), 0);
  if (json) {
    printJson({ plan, rows: costs.map((cost) => ({ ...cost, secondsPerRun: secondsOf(cost) })), gflopsPerSecond: gflops, seconds });
    return;
  }
  const longest = Math.max(...costs.map(({ name }) => name.length));
  for (const [i, cost] of costs.entries()) {
    const { name, architecture, input, parameters, flops, trainingRows } = cost;
    const epochs = plan.rows[i]!.recipe.stages.reduce((sum, stage) => sum + stage.epochs, 0);
    const size = `${(parameters / 1e6).toFixed(2)} M parameters, ${(flops / 1e9).toFixed(3)} GFLOP`;
    printText(
      `${name.padEnd(longest)}  ${architecture} ${input.join('×')}, ${size}; ${epochs} epochs of ${trainingRows} rows: ${formatDuration(secondsOf(cost))}${plan.rows[i]!.note ? ` (${plan.rows[i]!.note})` : ''}`,
    );
  }
  note(
    `${costs.length} rows, ${plan.seeds.length === 1 ? '1 seed' : `${plan.seeds.length} seeds`}, ${trainings.length} trainings: about ${formatDuration(seconds)}, counting convolutions and dense layers at ${gflops} GFLOP/s; \`mien train RECIPE --dry-run\` measures one recipe on this machine`,
  );
}

function describeProgress({ run, index, total, event, secondsLeft }: AblationProgress): string | undefined {
  if (isCount(event)) return `run ${index}/${total} ${run.row}, seed ${run.seed} · ${countWords[event.type]}: ${event.done} of ${event.total}`;
  if (event.type !== 'step') return undefined;
  const left = secondsLeft === undefined ? '' : ` · ${formatDuration(secondsLeft)} left of all`;
  return `run ${index}/${total} ${run.row}, seed ${run.seed} · epoch ${event.epoch}/${event.epochs} step ${event.step}/${event.stepsPerEpoch} · loss ${event.loss.toFixed(3)} · ${event.imagesPerSecond.toFixed(0)} images/s${left}`;
}

function tellOutcome(outcome: RunOutcome, index: number, total: number): void {
  const what = `run ${index}/${total} ${outcome.row}, seed ${outcome.seed}`;
  if (isFailed(outcome)) note(`${what}: ${outcome.failure}`);
  else
    note(
      `${what}: accuracy ${percent(outcome.accuracy)}, macro-F1 ${outcome.macroF1.toFixed(4)} (n ${outcome.n}), best in epoch ${outcome.bestEpoch}, ${formatDuration(outcome.seconds)}`,
    );
}

async function ablate(file: string, flags: AblateFlags): Promise<void> {
  const plan = loadAblation(file, flags.set, note, flags.seeds);
  // Hours later would be late to find out.
  if (flags.update !== undefined) findPlace(flags.update, plan.name);
  if (flags.dryRun) {
    await dryRun(plan, flags);
    return;
  }
  const { out, data, device, update } = flags;
  if (out === undefined) throw new UserError('no-out', 'mien ablate: name the folder of the ablation with --out, or look before you start with --dry-run');
  const progress = new Progress();
  const outcome = await untilInterrupted(progress, (signal) =>
    runAblation({
      plan,
      data,
      out,
      device,
      ...placeOf(flags),
      onNotice: (message) => {
        progress.end();
        note(message);
      },
      signal,
      onFailure: async (soFar) => {
        progress.end();
        if (soFar.outcomes.length === 0) return;
        const { markdown } = await writeResults(summariseAblation(plan, soFar), out);
        note(`${markdown}: the table of what is finished; the same command goes on`);
      },
      onProgress: (each) => {
        const line = describeProgress(each);
        if (line) progress.update(() => line);
      },
      onOutcome: (each, index, total) => {
        progress.end();
        tellOutcome(each, index, total);
      },
    }),
  );
  const summary = summariseAblation(plan, outcome);
  const files = await writeResults(summary, out);
  if (update !== undefined && outcome.finished) updateDocument(update, summary);
  if (flags.json) printJson({ ...summary, files });
  else printText(formatMarkdown(summary));
  note(outcome.finished ? `done: ${files.markdown}, ${files.csv}, ${files.json}, ${files.png}` : 'stopped; the same command goes on');
}

export function addAblateVerb(program: Command): void {
  const verb = program
    .command('ablate')
    .argument('<ablation>', 'name of an ablation that comes with Mien, or a .yaml file')
    .requiredOption('--data <dir>', 'store made by `mien data import`')
    .option('--out <dir>', 'folder of the ablation: runs, results.md, .csv, .json, .png')
    .option('--set <key=value>', 'change a field of every row’s recipe; repeatable', (value: string, before: string[]) => [...before, value], [] as string[])
    .option('--seeds <list>', "train each row with these seeds, as 1,2,3 (default: the file's)", parseSeeds)
    .option('--update <file>', 'put the table into this Markdown file too, between its marks `<!-- ablation NAME -->` and `<!-- /ablation NAME -->`')
    .option('--dry-run', 'show the rows and what they would cost; trains nothing')
    .option(
      '--gflops <n>',
      'with --dry-run: what the machine computes in a second of training, in billions of operations; networks of depthwise convolutions are taken to make less of it',
      parseCount('--gflops', 1, 1_000_000),
      usualGflops,
    )
    .addOption(new Option('--device <device>', 'where to train; never replaced by another').choices(['cpu', 'webgpu', 'cuda']).default('cpu'))
    .option('--json', 'print the table as JSON')
    .addHelpText('after', () => `\nAblations: ${ablationNames().join(', ')}\n\nExample:\n  mien ablate attention --data data/fer2013 --out runs/attention`)
    .action(ablate);
  addPlaceOptions(verb);
}
