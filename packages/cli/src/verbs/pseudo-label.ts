/** `mien pseudo-label`: what models are sure of, as a csv of labels that a person edits and `mien data clean` applies. */
import type { Command } from 'commander';
import { createSession } from '@mien/onnx/node';
import { noLabel, openStore, type Split, type Store } from '@mien/data';
import { seenRows } from '@mien/evaluation';
import { readCard, UserError } from '@mien/runtime';
import {
  type AcceptedCount,
  atTemperature,
  calibrate,
  countAccepted,
  formatPseudoLabels,
  guessRows,
  judgeRows,
  thresholdsForPrecision,
  thresholdsOf,
} from '@mien/training';
import { writeAtomically } from '@mien/training/run-folder';
import { findModel, readModelFile } from '../find-model.ts';
import { makeRoomFor } from '../make-room-for.ts';
import { note, parseCount, printJson, printText, Progress } from '../output.ts';

interface PseudoLabelFlags {
  data: string;
  split: string;
  out: string;
  fitSplit?: string;
  threshold: number;
  thresholdOf: Record<string, number>;
  precision?: number;
  flip: boolean;
  all?: boolean;
  changesOnly?: boolean;
  threads?: number;
  json?: boolean;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function parseShare(option: string): (text: string) => number {
  return (text) => {
    const share = Number(text);
    if (text.trim() === '' || !(share >= 0 && share <= 1)) throw new UserError('bad-option', `${option} ${text}: expected a number from 0 to 1, as 0.9`);
    return share;
  };
}

function parseClassThreshold(text: string, before: Record<string, number>): Record<string, number> {
  const [name = '', value = ''] = text.split('=');
  if (name === '' || value === '') throw new UserError('bad-option', `--threshold-of ${text}: expected CLASS=NUMBER, as fear=0.8`);
  return { ...before, [name]: parseShare(`--threshold-of ${name}=`)(value) };
}

/** Rows that a test is made on are not to be labelled by a model, nor calibrated on. */
async function openSplit(store: Store, name: string, use: string): Promise<Split> {
  const split = await store.split(name);
  if (split.locked) throw new UserError('locked-split', `split ${name} is a locked test split and must not be ${use}; name another one`);
  return split;
}

/** A model has learnt the labels of the rows it was trained on, wrong ones too, and is surer of them than of others. */
async function warnLearnt(models: readonly { bytes: Uint8Array; file: string }[], store: Store, split: Split, consequence: string): Promise<void> {
  for (const { bytes, file } of models) {
    const { rows, trainedOn } = await seenRows(readCard(bytes, file), store, split);
    if (rows.length > 0) note(`${file} was trained on ${rows.length} of the ${split.count} rows of split ${split.name} (${trainedOn}): ${consequence}`);
  }
}

async function pseudoLabel(names: readonly string[], flags: PseudoLabelFlags): Promise<void> {
  const { split: asked, fitSplit, precision, flip, threads } = flags;
  if (precision !== undefined && fitSplit === undefined)
    throw new UserError('bad-option', '--precision is reached on rows whose labels are known; name their split with --fit-split');
  if (fitSplit === asked)
    throw new UserError('bad-option', `--fit-split ${fitSplit}: these are the rows to be labelled; calibrate on others, as --fit-split val`);
  makeRoomFor(flags.out);
  const models = names.map((name) => {
    const file = findModel(name);
    return { bytes: readModelFile(file), file };
  });
  const store = await openStore(flags.data);
  const progress = new Progress();
  try {
    const split = await openSplit(store, asked, 'labelled by a model');
    await warnLearnt(
      models,
      store,
      split,
      'it will repeat their labels, wrong ones too; to find those use models that have not learnt them, as `mien data confidence` does',
    );
    const classes = split.labelNames;
    const K = classes.length;
    let thresholds = thresholdsOf({ ...flags.thresholdOf, other: flags.threshold }, classes);
    const judge = (of: Split, rows: Uint32Array, what: string): Promise<Float32Array> =>
      judgeRows({ models, createSession, split: of, rows, flip, threads, onProgress: (done, total) => progress.count(what, done, total) });
    let temperature = 1;
    if (fitSplit === undefined) note('confidence by the temperatures of the models’ cards; name labelled rows with --fit-split to calibrate it on this data');
    else {
      const known = await openSplit(store, fitSplit, 'calibrated on');
      await warnLearnt(models, store, known, 'it is surer of them than of rows it has not seen, so the confidence will promise too much; calibrate on others');
      const labelled = rowsWhere(known, (label) => label !== noLabel);
      if (labelled.length === 0) throw new UserError('no-labels', `--fit-split ${fitSplit}: none of its rows has a label to calibrate on; name another`);
      const truth = labelled.map((row) => known.labels[row]!);
      const p = await judge(known, labelled, `asking about ${fitSplit}`);
      temperature = calibrate(p, truth, K);
      if (precision !== undefined) {
        // A class that was given a threshold of its own keeps it.
        const found = thresholdsForPrecision(atTemperature(p, K, temperature), truth, K, precision);
        thresholds = found.map((threshold, k) => flags.thresholdOf?.[classes[k]!] ?? threshold);
      }
      progress.end();
      note(`temperature ${temperature.toFixed(3)} fitted on ${store.manifest.name} ${fitSplit}, n ${labelled.length}`);
    }
    const rows = rowsWhere(split, (label) => flags.all || split.unlabelled === 0 || label === noLabel);
    const guesses = guessRows(atTemperature(await judge(split, rows, `asking about ${asked}`), K, temperature), thresholds);
    progress.end();
    const csv = await formatPseudoLabels({ guesses, rows, split, sources: store.manifest.sources, labelled: true, changesOnly: flags.changesOnly ?? false });
    writeAtomically(flags.out, csv);
    const labels = rows.map((row) => split.labels[row]!);
    const isLabelled = labels.some((label) => label !== noLabel);
    const counts = countAccepted(guesses, classes, labels);
    const relabelled = guesses.filter(({ accepted, guess }, i) => accepted && labels[i] !== noLabel && guess !== labels[i]).length;
    if (flags.json) printJson({ out: flags.out, rows: rows.length, temperature, thresholds, relabelled, classes: counts });
    else printText(formatCounts({ counts, thresholds, of: `${rows.length} rows of ${split.name}`, rows: rows.length, relabelled, isLabelled }));
    note(
      `${flags.out}: read it, change the column action (relabel accepts the class in to, keep refuses it), then: mien data clean ${flags.data} --csv ${flags.out}`,
    );
  } finally {
    progress.end();
    await store.close();
  }
}

function rowsWhere({ labels, count }: Split, has: (label: number) => boolean): Uint32Array {
  return Uint32Array.from({ length: count }, (_, row) => row).filter((row) => has(labels[row]!));
}

interface Summary {
  readonly counts: readonly AcceptedCount[];
  readonly thresholds: readonly number[];
  readonly of: string;
  readonly rows: number;
  readonly relabelled: number;
  /** Some of the rows have a label that the guesses can be held against. */
  readonly isLabelled: boolean;
}

/** A table by class, and what the labels of the store say of it. */
function formatCounts({ counts, thresholds, of, rows, relabelled, isLabelled }: Summary): string {
  const line = (label: string, threshold: string, { guessed, accepted, checked, right }: Omit<AcceptedCount, 'label'>): string =>
    [
      label.padEnd(12),
      threshold.padStart(9),
      String(guessed).padStart(9),
      String(accepted).padStart(9),
      (checked === 0 ? '–' : percent(right / checked)).padStart(12),
    ].join(' ');
  const total = (of: 'guessed' | 'accepted' | 'checked' | 'right'): number => counts.reduce((sum, count) => sum + count[of], 0);
  const accepted = total('accepted');
  return [
    `${of}: ${accepted} guesses accepted (${percent(accepted / Math.max(1, rows))})${isLabelled ? `, ${relabelled} of them not what the label says` : ''}`,
    '',
    `${'class'.padEnd(12)} ${'threshold'.padStart(9)} ${'guessed'.padStart(9)} ${'accepted'.padStart(9)} ${'as labelled'.padStart(12)}`,
    ...counts.map((count, k) => line(count.label, thresholds[k]! > 1 ? 'never' : thresholds[k]!.toFixed(3), count)),
    line('all', '', { guessed: total('guessed'), accepted, checked: total('checked'), right: total('right') }),
    ...(isLabelled ? ['', 'As labelled: share of the accepted guesses that are the label the store holds, told for your judgement and used for nothing.'] : []),
  ].join('\n');
}

const help = `
Of a split that has rows without a label those alone are asked about, unless --all. Every row asked about stands in the csv with
the guess, its probability and the second guess. action is relabel where the guess is sure enough and not the label already;
\`mien data clean\` moves those rows to the class they belong to, \`--undo\` takes it back; rows of the split unlabelled that get
a label join train. A recipe applies the csv to the rows it trains on, and to one training alone, with data.changes.

Examples:
  mien pseudo-label runs/a runs/b --data data/faces --split unlabelled --fit-split val --precision 0.95 --out pseudo.csv
  mien pseudo-label runs/a --data data/fer2013 --split public --threshold 0.95 --threshold-of fear=0.8 --changes-only --out wrong.csv`;

export function addPseudoLabelVerb(program: Command): void {
  program
    .command('pseudo-label')
    .argument('<models...>', '.onnx files, run folders or names of released models; several agree by the mean of their probabilities')
    .requiredOption('--data <dir>', 'store made by `mien data import`')
    .requiredOption('--split <name>', 'split whose rows are to be labelled')
    .requiredOption('--out <csv>', 'file to write')
    .option('--fit-split <name>', 'split with known labels to calibrate the confidence on')
    .option('--threshold <p>', 'probability from which a guess is accepted', parseShare('--threshold'), 0.9)
    .option('--threshold-of <class=p>', 'another threshold for one class; repeatable', parseClassThreshold, {})
    .option('--precision <share>', 'instead: thresholds from which this share of the guesses of each class is right on --fit-split', parseShare('--precision'))
    .option('--no-flip', 'do not ask about the mirror images')
    .option('--changes-only', 'write only the rows that would get another label')
    .option('--all', 'ask about rows that have a label too, where others have none')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', help)
    .action(pseudoLabel);
}
