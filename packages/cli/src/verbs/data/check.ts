/** `mien data check`: the data-set doctor. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  type CheckOptions,
  checkReport,
  checkStore,
  type CheckResult,
  formatChanges,
  importData,
  openStore,
  proposeChanges,
  readProbabilities,
  reportPage,
  type Store,
} from '@mien/data';
import { readCard, softmax, UserError } from '@mien/runtime';
import { writeAtomically } from '@mien/training/run-folder';
import { findModel, readModelFile } from '../../find-model.ts';
import { makeRoomFor } from '../../make-room-for.ts';
import { note, printJson, printText, Progress } from '../../output.ts';

interface CheckFlags {
  html?: string;
  csv?: string;
  model?: string;
  confidence?: string;
  faces?: boolean;
  votes: boolean;
  train?: string;
  relabelAbove?: number;
  json?: boolean;
}

function parseShare(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share <= 1)) throw new UserError('bad-option', `--relabel-above ${text}: expected a number above 0, up to 1, as 0.8`);
  return share;
}

export function addCheckVerb(data: Command): void {
  data
    .command('check')
    .argument('<dir>', 'store made by `mien data import`, or anything that it imports')
    .description('duplicates, contradictions, blank images, outliers, class balance; with a model, doubtful labels. Changes nothing')
    .option('--html <file>', 'write the findings with their images as one page')
    .option('--csv <file>', 'write what it would do as a csv for `mien data clean`')
    .option('--confidence <csv>', 'out-of-fold probabilities (columns split, row, one for each label): ranks doubtful labels')
    .option('--model <model>', 'rank doubtful labels by a model: .onnx file, run folder or name')
    .option('--faces', 'look for a face in every image too (some milliseconds each)')
    .option('--no-votes', 'leave annotators’ votes unheard, as for data that has none')
    .option('--train <split>', 'split that models learn from (default: train, else the largest that is not locked)')
    .option('--relabel-above <share>', 'in the csv, relabel where this share of votes or probability speaks for another label', parseShare)
    .option('--json', 'print everything as JSON')
    .addHelpText('after', '\nExample:\n  mien data check data/fer2013 --html report.html --csv changes.csv')
    .action(async (dir: string, flags: CheckFlags) => {
      makeRoomFor(flags.html, flags.csv);
      const progress = new Progress();
      await withStore(dir, progress, async (store) => {
        const options = await checkOptions(store, flags, progress);
        const result = await checkStore(store, options).finally(() => options.detector?.release());
        progress.end();
        if (flags.html) writeAtomically(flags.html, Buffer.from(await reportPage(result)));
        if (flags.csv) writeAtomically(flags.csv, Buffer.from(formatChanges(proposeChanges(result, { relabelAbove: flags.relabelAbove }))));
        if (flags.json) printJson(checkReport(result));
        else printText(formatFindings(result));
        for (const file of [flags.html, flags.csv]) if (file) note(`written: ${file}`);
      });
    });
}

/** Opens the store, or imports what stands there into a temporary one that goes again. */
async function withStore(dir: string, progress: Progress, action: (store: Store) => Promise<void>): Promise<void> {
  if (!existsSync(dir) || existsSync(join(dir, 'manifest.json'))) {
    const store = await openStore(dir);
    await action(store).finally(() => store.close());
    return;
  }
  const temporary = mkdtempSync(join(tmpdir(), 'mien-check-'));
  try {
    const out = join(temporary, 'store');
    await importData(dir, { out, onProgress: ({ rows, fraction }) => progress.part('reading images', rows, fraction) });
    const store = await openStore(out);
    await action(store).finally(() => store.close());
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function checkOptions(store: Store, flags: CheckFlags, progress: Progress): Promise<CheckOptions> {
  if (flags.model !== undefined && flags.confidence !== undefined) {
    throw new UserError('bad-option', '--model and --confidence both rank the labels; give one of them');
  }
  const options: CheckOptions = { train: flags.train, votes: flags.votes, onProgress: (what, done, total) => progress.count(what, done, total) };
  if (flags.confidence !== undefined) options.probabilities = await readProbabilities(flags.confidence, store);
  if (flags.model !== undefined) options.probabilities = await judge(store, flags.model, progress);
  if (flags.faces) options.detector = await (await import('@mien/runtime/node')).defaultDetector();
  return options;
}

/** A model's probabilities [N,K] for every row of every split. */
async function judge(store: Store, name: string, progress: Progress): Promise<Map<string, Float32Array>> {
  const [{ createSession }, { predictSplit, seenRows }] = await Promise.all([import('@mien/onnx/node'), import('@mien/evaluation')]);
  const file = findModel(name);
  const model = readModelFile(file);
  const card = readCard(model, file);
  for (const splitName of store.splitNames) {
    const { rows, trainedOn } = await seenRows(card, store, await store.split(splitName));
    if (rows.length === 0) continue;
    note(
      `${file} was trained on ${rows.length} rows of split ${splitName} (${trainedOn}): it has learnt their labels, wrong ones too, so few of them will be doubted. Out-of-fold probabilities (--confidence) tell more`,
    );
  }
  const probabilities = new Map<string, Float32Array>();
  for (const splitName of store.splitNames) {
    const split = await store.split(splitName);
    const { logits, temperature } = await predictSplit({
      model,
      file,
      createSession,
      split,
      onProgress: (done, total) => progress.count(`judging labels of ${splitName}`, done, total),
    });
    const classes = split.labelNames.length;
    const given = new Float32Array(logits.length);
    for (let row = 0; row < split.count; row++) given.set(softmax(logits.subarray(row * classes, (row + 1) * classes), temperature), row * classes);
    probabilities.set(splitName, given);
  }
  return probabilities;
}

const marks = { problem: 'problem', warning: 'look   ', note: 'note   ', fine: 'fine   ' } as const;

function formatFindings({ context, findings }: CheckResult): string {
  const { name, count, splits } = context.scan.store.manifest;
  const head = `${name}: ${count} images in ${splits.map((split) => `${split.name} (${split.count})`).join(', ')}`;
  return [head, '', ...findings.map(({ level, title, verdict }) => `${marks[level]}  ${title}\n         ${verdict}`)].join('\n');
}
