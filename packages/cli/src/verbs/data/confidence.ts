/** `mien data confidence`: out-of-fold probabilities for the doctor, by k trainings. */
import type { Command } from 'commander';
import type { TrainEvent } from '@mien/training';
import { note, parseCount, printJson, Progress } from '../../output.ts';
import { untilInterrupted } from '../../until-interrupted.ts';

interface ConfidenceFlags {
  data: string;
  out: string;
  folds: number;
  set: string[];
  dryRun?: boolean;
  threads?: number;
  json?: boolean;
}

async function confidence(name: string, { data, out, folds, set, dryRun, threads, json }: ConfidenceFlags): Promise<void> {
  // Loaded here: the other verbs of `mien data` need no training code.
  const { estimateTraining, foldRecipe, loadRecipe, outOfFold } = await import('@mien/training');
  const { formatDuration } = await import('../../output.ts');
  const recipe = loadRecipe(name, set, note);
  if (dryRun) {
    const { seconds } = await estimateTraining({ recipe: foldRecipe(recipe, 0, folds), data, threads });
    if (json) printJson({ folds, seconds: folds * seconds });
    else note(`${folds} trainings of about ${formatDuration(seconds)}: ${formatDuration(folds * seconds)}`);
    return;
  }
  const progress = new Progress();
  const tell = (event: TrainEvent, fold: number): void => {
    const where = `fold ${fold + 1}/${folds}`;
    if (event.type === 'step')
      progress.update(
        () => `${where} · epoch ${event.epoch}/${event.epochs} step ${event.step}/${event.stepsPerEpoch} · ${formatDuration(event.secondsLeft)} left of it`,
      );
    if (event.type !== 'done') return;
    progress.end();
    note(`${where}: accuracy ${(100 * event.bestAccuracy).toFixed(2)} % on the rows it left out, which chose epoch ${event.bestEpoch}`);
  };
  const csv = await untilInterrupted(progress, (signal) =>
    outOfFold({
      recipe,
      data,
      folds,
      out,
      threads,
      signal,
      onEvent: tell,
      onJudged: (done, total, fold) => progress.count(`asking about fold ${fold + 1}`, done, total),
    }),
  );
  if (csv === undefined) note('stopped; the same command goes on');
  else if (json) printJson({ out: csv, folds });
  else note(`${csv}: now mien data check ${data} --confidence ${csv} --csv changes.csv`);
}

export function addConfidenceVerb(data: Command): void {
  data
    .command('confidence')
    .argument('<recipe>', 'name of a recipe that comes with Mien, or a .yaml file')
    .description('train k models that each leave a part of the training split out, and write what they say of it: for `mien data check --confidence`')
    .requiredOption('--data <dir>', 'store made by `mien data import`')
    .requiredOption('--out <dir>', 'folder of the trainings and of confidence.csv; called again, it goes on')
    .option('--folds <k>', 'parts', parseCount('--folds', 2, 100), 5)
    .option('--set <key=value>', 'change a field of the recipe; repeatable', (value: string, before: string[]) => [...before, value], [] as string[])
    .option('--dry-run', 'say what it would cost on this machine; trains nothing')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  mien data confidence mien-seresnet-budget --data data/fer2013 --folds 3 --out runs/folds')
    .action(confidence);
}
