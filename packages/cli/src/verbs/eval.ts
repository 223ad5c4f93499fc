/** `mien eval`: the figures of a model on one split. */
import { type Command, Option } from 'commander';
import { createSession } from '@mien/onnx/node';
import { openStore } from '@mien/data';
import { evaluateSplit, formatMetrics, macroF1Interval } from '@mien/evaluation';
import { findModel, readModelFile } from '../find-model.ts';
import { note, parseCount, printJson, printText, Progress } from '../output.ts';

interface EvalFlags {
  data: string;
  split: string;
  target: 'labels' | 'ferplus';
  protocol?: 'majority';
  flip?: boolean;
  threads?: number;
  json?: boolean;
}

export function addEvalVerb(program: Command): void {
  program
    .command('eval')
    .argument('[model]', '.onnx file, run folder, or name of a released model (default: the default model)')
    .description('accuracy with its interval, macro-F1, figures per class, confusion matrix')
    .requiredOption('--data <dir>', 'store made by `mien data import`')
    .requiredOption('--split <name>', 'split to evaluate; every row of it counts')
    .addOption(new Option('--target <truth>', 'what counts as true').choices(['labels', 'ferplus']).default('labels'))
    .addOption(new Option('--protocol <name>', 'with --target ferplus: majority, rows where one of the 8 classes has more than half of the votes').choices(['majority']))
    .option('--flip', 'mean of the outputs for each image and its mirror image')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print all figures as JSON')
    .addHelpText('after', '\nExample:\n  mien eval --data data/fer2013 --split public --json')
    .action(async (model: string | undefined, flags: EvalFlags) => {
      const file = findModel(model);
      const store = await openStore(flags.data);
      const split = await store.split(flags.split);
      const progress = new Progress();
      const evaluation = await evaluateSplit({
        model: readModelFile(file),
        file,
        createSession,
        split,
        target: flags.target,
        ...(flags.flip ? { flip: true } : {}),
        ...(flags.threads ? { threads: flags.threads } : {}),
        onProgress: (done, total) => progress.count('evaluating', done, total),
      });
      progress.end();
      const { predicted, truth, logits: _, ...figures } = evaluation;
      const macroF1Interval95 = macroF1Interval(truth, predicted, evaluation.labels);
      if (flags.json) printJson({ ...figures, macroF1Interval95, model: file, data: store.manifest.name });
      else {
        note(`${file} on ${store.manifest.name}, split ${split.name}: ${evaluation.protocol}`);
        printText(formatMetrics(evaluation));
      }
    });
}
