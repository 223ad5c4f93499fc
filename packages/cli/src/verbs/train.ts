/** `mien train`: train a model by a recipe. */
import { type Command, Option } from 'commander';
import type { Device } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import { type EstimateProgress, estimateTraining, isCount, loadRecipe, type Recipe, recipeNames, train, type TrainEvent } from '@mien/training';
import { stringify } from 'yaml';
import { countWords } from '../count-words.ts';
import { formatDuration, note, parseCount, printJson, printText, Progress } from '../output.ts';
import { untilInterrupted } from '../until-interrupted.ts';

interface TrainFlags {
  data: string;
  out?: string;
  resume?: boolean;
  dryRun?: boolean;
  set: string[];
  threads?: number;
  device: Device;
  json?: boolean;
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;

function describeStep(e: Extract<TrainEvent, { type: 'step' }>): string {
  return `epoch ${e.epoch}/${e.epochs} step ${e.step}/${e.stepsPerEpoch} · loss ${e.loss.toFixed(3)} · accuracy ${percent(e.accuracy)}${e.acceptedShare === undefined ? '' : ` · sure of ${percent(e.acceptedShare)} of the unlabelled`} · ${e.imagesPerSecond.toFixed(0)} images/s · ${formatDuration(e.secondsLeft)} left`;
}

function report(progress: Progress, event: TrainEvent): void {
  if (event.type === 'step') {
    progress.update(() => describeStep(event));
    return;
  }
  if (isCount(event)) {
    progress.count(countWords[event.type], event.done, event.total);
    return;
  }
  progress.end();
  if (event.type === 'start') {
    note(`kernels: ${event.kernels}`);
    note(`${event.rows} rows to train on, ${event.validationRows} to choose the epoch on, ${event.stepsPerEpoch} steps an epoch`);
    if (event.init) {
      const { source, used, fresh } = event.init;
      const some = fresh.length > 4 ? `${fresh.slice(0, 3).join(', ')} and ${fresh.length - 3} more` : fresh.join(', ');
      note(`weights from ${source}: ${used} used${fresh.length > 0 ? `, ${fresh.length} drawn anew: ${some}` : ''}`);
    }
    if (event.resumedAt) note(`resumed in epoch ${event.resumedAt.epoch}, after step ${event.resumedAt.step}`);
  } else if (event.type === 'notice') {
    note(`warning: ${event.message}`);
  } else if (event.type === 'stage') {
    note(`stage ${event.stage}/${event.stages}, ${event.name}: ${event.epochs} epochs, ${event.trainedParameters.toLocaleString('en')} parameters learn`);
  } else if (event.type === 'pseudo-labels') {
    const { asked, accepted, temperature, classes, file } = event;
    const byClass = classes.map((each) => `${each.label} ${each.accepted}`).join(', ');
    note(`pseudo-labels: sure of ${accepted} of ${asked} rows without labels (${byClass}), at temperature ${temperature.toFixed(3)}; see ${file}`);
  } else if (event.type === 'epoch') {
    const { train: t, validation: v } = event;
    note(
      `epoch ${event.epoch}: train loss ${t.loss.toFixed(4)}, accuracy ${percent(t.accuracy)} · validation loss ${v.loss.toFixed(4)}, accuracy ${percent(v.accuracy)}, macro-F1 ${v.macroF1.toFixed(4)} (n ${v.n})${event.best ? ' · best so far, exported' : ''} · ${formatDuration(event.seconds)}`,
    );
  }
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);

async function dryRun(recipe: Recipe, { data, threads, device, json }: TrainFlags): Promise<void> {
  const progress = new Progress();
  if (!json) note('building every stage and measuring a few steps of each');
  const onProgress = ({ stage, stages, name, doing, done, total }: EstimateProgress): void => {
    if (json) return;
    const what = `stage ${stage}/${stages}, ${name}`;
    // A large network is built for minutes, in which nothing can be written.
    if (doing === 'building') {
      progress.end();
      note(`${what}: building`);
    } else progress.update(() => `${what}: ${doing === 'validating' ? 'validating and exporting' : `step ${done} of ${total}`}`);
  };
  const estimate = await estimateTraining({ recipe, data, threads, device, onProgress });
  progress.end();
  if (json) {
    printJson({ recipe, estimate });
    return;
  }
  printText(stringify(recipe, { flowCollectionPadding: true, lineWidth: 160 }));
  const { architecture, input, resizeTo, parameters, flops, rows, validationRows, kernels, stages, peakBytes, machineBytes } = estimate;
  for (const notice of estimate.notices) note(`warning: ${notice}`);
  note(`${architecture} on ${input.join('×')}: ${parameters.toLocaleString('en')} parameters, ${(flops / 1e9).toFixed(3)} GFLOP an image forward`);
  const [, H, W] = input as [number, number, number];
  if (resizeTo[0] !== H || resizeTo[1] !== W) note(`images are brought to ${resizeTo.join('×')}, of which the network sees the central ${H}×${W}`);
  note(`${rows} rows to train on, ${validationRows} to choose the epoch on; ${kernels}`);
  for (const stage of stages) {
    note(
      `stage ${stage.name}: ${stage.epochs} epochs of ${stage.stepsPerEpoch} steps, ${stage.trainedParameters.toLocaleString('en')} parameters learn, ${stage.imagesPerSecond.toFixed(0)} images/s, ${formatDuration(stage.seconds)}`,
    );
  }
  note(`altogether about ${formatDuration(estimate.seconds)} and ${gigabytes(peakBytes)} GB of memory, of ${gigabytes(machineBytes)} GB here`);
  if (peakBytes > machineBytes) note('warning: that is more than this machine has; make batch smaller (accumulate keeps the updates as they are), or input');
}

export function addTrainVerb(program: Command): void {
  program
    .command('train')
    .argument('<recipe>', 'name of a recipe that comes with Mien, or a .yaml file')
    .requiredOption('--data <dir>', 'store made by `mien data import`')
    .option('--out <run>', 'folder of the run: recipe, log, checkpoint, model')
    .option('--resume', 'go on with an interrupted run, to the same weights as without the interruption')
    .option('--set <key=value>', 'change a field of the recipe; repeatable', (value: string, before: string[]) => [...before, value], [] as string[])
    .option('--dry-run', 'show the recipe with every default filled in, and what it would cost on this machine; writes nothing')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .addOption(new Option('--device <device>', 'where to train; never replaced by another').choices(['cpu', 'webgpu', 'cuda']).default('cpu'))
    .option('--json', 'print every event as a JSON line')
    .addHelpText(
      'after',
      () => `\nRecipes: ${recipeNames().join(', ')}\n\nExample:\n  mien train se-cnn-improved --data data/fer2013 --out runs/first --set epochs=20`,
    )
    .action(async (name: string, flags: TrainFlags) => {
      const recipe = loadRecipe(name, flags.set, note);
      if (flags.dryRun) {
        await dryRun(recipe, flags);
        return;
      }
      const { out } = flags;
      if (out === undefined) throw new UserError('no-out', 'mien train: name the folder of the run with --out, or look before you start with --dry-run');
      const progress = new Progress();
      const finished = await untilInterrupted(progress, (signal) =>
        train({
          recipe,
          data: flags.data,
          out,
          resume: flags.resume ?? false,
          threads: flags.threads,
          device: flags.device,
          signal,
          onEvent: (event) => {
            if (flags.json) printJson(event);
            report(progress, event);
          },
        }),
      );
      note(finished ? `done: ${out}/model.onnx` : `stopped; go on with --resume`);
    });
}
