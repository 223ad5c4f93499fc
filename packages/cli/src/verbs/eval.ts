/** `mien eval`: the figures of a model on one split, and what they are worth. */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Command, Option } from 'commander';
import { evaluationPage, paperPalette, plotHeading, reportJson, reportPlots, writePlots } from '@mien/evaluation';
import { UserError } from '@mien/runtime';
import { writeAtomically } from '@mien/training/run-folder';
import { buildReport } from '../eval/build-report.ts';
import { formatEval } from '../eval/format-eval.ts';
import { note, parseCount, printJson, printText } from '../output.ts';

interface EvalFlags {
  data: string;
  split: string;
  target: 'labels' | 'ferplus';
  protocol?: 'majority';
  flip?: boolean;
  compare?: string;
  abstainRisk?: number;
  fitSplit?: string;
  groups?: string;
  /** True without a number. */
  robustness?: number | true;
  overlap?: string;
  html?: string;
  png?: string;
  force?: boolean;
  seed?: number;
  threads?: number;
  json?: boolean;
}

function checkWritable(file: string): void {
  const dir = dirname(file);
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a folder');
    accessSync(dir, constants.W_OK);
  } catch (cause) {
    throw new UserError(
      'unwritable',
      `--html ${file}: cannot be written (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}); name a file in a folder that is there`,
      { cause },
    );
  }
}

function makePlotsDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
    accessSync(dir, constants.W_OK);
  } catch (cause) {
    throw new UserError('unwritable', `--png ${dir}: plots cannot be written there (${(cause as NodeJS.ErrnoException).code}); name a folder`, { cause });
  }
}

/** Rows robustness is measured on when no number is given: an interval of ± 3 points, 83 runs over them. */
const robustnessRows = 1000;
/** Mistakes of each label in the page's gallery. */
const mistakesPerLabel = 12;

function parseRisk(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < 1))
    throw new UserError('bad-option', `--abstain-risk ${text}: expected a share of wrong answers between 0 and 1, as 0.2`);
  return value;
}

function commandOf(): string {
  return ['mien', ...process.argv.slice(2)].map((word) => (/^[\w./:=+-]+$/.test(word) ? word : `'${word}'`)).join(' ');
}

async function evaluate(model: string | undefined, flags: EvalFlags): Promise<void> {
  const { robustness } = flags;
  if (flags.protocol !== undefined && flags.target !== 'ferplus')
    throw new UserError('bad-option', `--protocol ${flags.protocol}: says which votes count as true; give --target ferplus too`);
  if (flags.fitSplit !== undefined && flags.abstainRisk === undefined)
    throw new UserError('bad-option', '--fit-split: names the rows for --abstain-risk; give that too, as --abstain-risk 0.2');
  // Before minutes of work, not after them.
  if (flags.html !== undefined) checkWritable(flags.html);
  if (flags.png !== undefined) makePlotsDir(flags.png);
  const report = await buildReport({
    model,
    data: flags.data,
    split: flags.split,
    target: flags.target,
    flip: flags.flip ?? false,
    threads: flags.threads,
    seed: flags.seed ?? 1,
    force: flags.force ?? false,
    compare: flags.compare,
    groups: flags.groups,
    robustness: robustness === true ? robustnessRows : robustness,
    abstainRisk: flags.abstainRisk,
    fitSplit: flags.fitSplit,
    overlap: flags.overlap,
    mistakes: flags.html === undefined ? 0 : mistakesPerLabel,
  });
  if (flags.html !== undefined) {
    writeAtomically(flags.html, evaluationPage(report, commandOf()));
    note(`written: ${flags.html}; it shows pictures of the data set, keep it where those may be kept`);
  }
  if (flags.png !== undefined)
    note(`written: ${(await writePlots(reportPlots(report, paperPalette), flags.png, (plot) => plotHeading(report, plot))).join(', ')}`);
  for (const warning of report.warnings) note(`mind: ${warning}`);
  if (flags.json) {
    printJson(reportJson(report));
    return;
  }
  note(`${report.model} on ${report.data}, split ${report.evaluation.split}: ${report.evaluation.protocol}`);
  printText(formatEval(report));
}

export function addEvalVerb(program: Command): void {
  program
    .command('eval')
    .argument('[model]', '.onnx file, run folder, or name of a released model (default: the default model)')
    .requiredOption('--data <dir>', 'store made by `mien data import`')
    .requiredOption('--split <name>', 'split to evaluate; with --target labels every row of it counts')
    .addOption(new Option('--target <truth>', 'what counts as true').choices(['labels', 'ferplus']).default('labels'))
    .addOption(
      new Option('--protocol <name>', 'with --target ferplus: majority, rows where one of the 8 classes has more than half of the votes').choices(['majority']),
    )
    .option('--flip', 'mean of the outputs for each image and its mirror image')
    .option('--compare <model>', 'another model on the same rows, with a paired test')
    .option(
      '--abstain-risk <share>',
      'find the confidence below which to say "not sure", so that at most this share of the answers was wrong where it was found; judged on other rows',
      parseRisk,
    )
    .option('--fit-split <name>', 'split to find that confidence on (default: one half of the rows, judged on the other)')
    .option('--groups <csv>', 'a csv with the columns row,group: accuracy and recall by group of people, and the gaps')
    .option(
      '--robustness [rows]',
      `15 corruptions at 5 severities and covered face regions, on so many rows (default: ${robustnessRows})`,
      parseCount('--robustness', 1, 1e9),
    )
    .option('--overlap <split>', 'accuracy without rows whose pixels also stand in this split (default: the one the model was trained on)')
    .option('--html <file>', 'write a report as one page, with plots and the worst mistakes')
    .option('--png <dir>', 'write the plots as PNG files')
    .option('--force', 'evaluate even rows the model was trained on; the result says so')
    .option('--seed <n>', 'seed of halves, samples and resampling (default: 1)', parseCount('--seed', 0, 2 ** 31))
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print all figures as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  mien eval --data data/fer2013 --split public --json\n  mien eval runs/mine --data data/fer2013 --split public --compare mien-seresnet --html report.html\n  mien eval --data data/fer2013 --split public --robustness --abstain-risk 0.2',
    )
    .action(evaluate);
}
