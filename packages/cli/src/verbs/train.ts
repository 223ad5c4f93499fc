/** `mien train`: train a model by a recipe. */
import type { Command } from 'commander';
import { loadRecipe, recipeNames, train, type TrainEvent } from '@mien/training';
import { formatDuration, note, parseCount, printJson, Progress } from '../output.ts';

interface TrainFlags {
  data: string;
  out: string;
  resume?: boolean;
  set: string[];
  threads?: number;
  json?: boolean;
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;

function describeStep(e: Extract<TrainEvent, { type: 'step' }>): string {
  return `epoch ${e.epoch}/${e.epochs} step ${e.step}/${e.stepsPerEpoch} · loss ${e.loss.toFixed(3)} · accuracy ${percent(e.accuracy)} · ${e.imagesPerSecond.toFixed(0)} images/s · ${formatDuration(e.secondsLeft)} left`;
}

function report(progress: Progress, event: TrainEvent): void {
  if (event.type === 'step') {
    progress.update(() => describeStep(event));
    return;
  }
  progress.end();
  if (event.type === 'start') {
    note(`kernels: ${event.kernels}`);
    note(`${event.rows} rows to train on, ${event.validationRows} to choose the epoch on, ${event.stepsPerEpoch} steps an epoch`);
    if (event.resumedAt) note(`resumed in epoch ${event.resumedAt.epoch}, after step ${event.resumedAt.step}`);
  } else if (event.type === 'epoch') {
    const { train: t, validation: v } = event;
    note(
      `epoch ${event.epoch}: train loss ${t.loss.toFixed(4)}, accuracy ${percent(t.accuracy)} · validation loss ${v.loss.toFixed(4)}, accuracy ${percent(v.accuracy)}, macro-F1 ${v.macroF1.toFixed(4)} (n ${v.n})${event.best ? ' · best so far, exported' : ''} · ${formatDuration(event.seconds)}`,
    );
  }
}

export function addTrainVerb(program: Command): void {
  program
    .command('train')
    .argument('<recipe>', 'name of a recipe that comes with Mien, or a .yaml file')
    .description('train a model; Ctrl-C stops it with a checkpoint')
    .requiredOption('--data <dir>', 'store made by `mien data import`')
    .requiredOption('--out <run>', 'folder of the run: recipe, log, checkpoint, model')
    .option('--resume', 'go on with an interrupted run, to the same weights as without the interruption')
    .option('--set <key=value>', 'change a field of the recipe; repeatable', (value: string, before: string[]) => [...before, value], [] as string[])
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print every event as a JSON line')
    .addHelpText(
      'after',
      () => `\nRecipes: ${recipeNames().join(', ')}\n\nExample:\n  mien train se-cnn-improved --data data/fer2013 --out runs/first --set epochs=20`,
    )
    .action(async (name: string, flags: TrainFlags) => {
      const recipe = loadRecipe(name, flags.set);
      const progress = new Progress();
      const abort = new AbortController();
      const onInterrupt = (): void => {
        if (abort.signal.aborted) process.exit(130);
        progress.end();
        note('stopping after this step; press Ctrl-C again to stop at once');
        abort.abort();
      };
      process.on('SIGINT', onInterrupt);
      process.on('SIGTERM', onInterrupt);
      try {
        const finished = await train({
          recipe,
          data: flags.data,
          out: flags.out,
          resume: flags.resume ?? false,
          threads: flags.threads,
          signal: abort.signal,
          onEvent: (event) => {
            if (flags.json) printJson(event);
            report(progress, event);
          },
        });
        progress.end();
        note(finished ? `done: ${flags.out}/model.onnx` : `stopped; go on with --resume`);
      } finally {
        progress.end();
        process.off('SIGINT', onInterrupt);
        process.off('SIGTERM', onInterrupt);
      }
    });
}
