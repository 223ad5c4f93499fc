/** `mien bench accuracy`: the command around `bench-accuracy.ts`. */
import type { Command } from 'commander';
import { wilsonInterval } from '@mien/evaluation';
import { benchAccuracy } from './bench-accuracy.ts';
import { findModel } from './find-model.ts';
import { note, parseCount, printJson, printText, Progress } from './output.ts';

interface AccuracyFlags {
  data: string;
  split: string;
  rows?: number;
  model?: string;
  force?: boolean;
  json?: boolean;
}

export function addAccuracyCommand(bench: Command): void {
  bench
    .command('accuracy')
    .description('our models and those of other npm packages on the same crops: accuracy, macro-F1, time and size')
    .requiredOption('--data <dir>', 'store made by `mien data import`')
    .requiredOption('--split <name>', 'split to evaluate')
    .option('--rows <n>', 'so many rows of it, drawn with seed 1, to try things out (default: all)', parseCount('--rows', 1, 1e9))
    .option('--model <model>', 'a model of your own besides the released ones: .onnx file or run folder')
    .option('--force', 'measure even rows that a model of ours was trained on; the result says so')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  mien bench accuracy --data data/fer2013 --split public --json')
    .action(async (flags: AccuracyFlags) => {
      const { model } = flags;
      const progress = new Progress();
      const rows = await benchAccuracy({
        dir: flags.data,
        split: flags.split,
        rows: flags.rows,
        model: model === undefined ? undefined : { name: model, file: findModel(model) },
        force: flags.force,
        say: note,
        onProgress: (what, done, total) => progress.count(what, done, total),
      }).finally(() => progress.end());
      if (flags.json) {
        printJson(rows);
        return;
      }
      const widest = Math.max(...rows.map(({ name }) => name.length));
      printText(`${'model'.padEnd(widest)}       n   accuracy   95 % interval   macro-F1   ms/face   kB`);
      for (const { name, n, accuracy, macroF1, msPerFace, bytes } of rows) {
        const [low, high] = wilsonInterval(Math.round(accuracy * n), n).map((value) => (100 * value).toFixed(1));
        printText(
          `${name.padEnd(widest)}  ${String(n).padStart(6)}   ${(100 * accuracy).toFixed(2).padStart(6)} %   ${`${low} – ${high} %`.padStart(13)}   ${macroF1.toFixed(4).padStart(8)}   ${msPerFace.toFixed(2).padStart(7)}   ${(bytes / 1000).toFixed(0)}`,
        );
      }
      for (const { name, note: known } of rows) if (known) note(`${name}: ${known}`);
      note('time: median of one face at a time on one thread, from the pixels of the crop to probabilities; the peers on TensorFlow.js (WebAssembly)');
    });
}
