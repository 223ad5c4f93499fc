/**
 * The combined round: before a stage with `pseudo` begins, the rows without labels are judged, and those the model is sure of join
 * the labelled ones. What was decided stands as a csv in the folder of the run, which a resumed run reads instead of judging again.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readChanges, type StoreSource, type Split } from '@mien/data';
import { createSession } from '@mien/onnx/node';
import { UserError } from '@mien/runtime';
import type { TrainEvent } from '../events.ts';
import { type RunFolder, writeAtomically } from '../run-folder.ts';
import type { TrainingRows } from '../rows.ts';
import { atTemperature, calibrate, judgeRows } from './judge-rows.ts';
import { formatPseudoLabels } from './pseudo-csv.ts';
import { judgeFile, type PseudoJudge, readJudge } from './pseudo-judges.ts';
import { countAccepted, guessRows, thresholdsForPrecision, thresholdsOf } from './pseudo-labels.ts';
import type { PseudoRecipe } from './semi-schema.ts';

export interface PseudoStageOptions {
  readonly pseudo: PseudoRecipe;
  /** Counts from 0. */
  readonly stage: number;
  readonly rows: TrainingRows;
  readonly folder: RunFolder;
  /** The models of `pseudo.models` as they were when the training was opened. */
  readonly judges: readonly PseudoJudge[];
  /** Sha256 of the csv that the stage was begun with; '' where it begins now. */
  readonly begunWith: string;
  readonly threads?: number | undefined;
  readonly onEvent: (event: TrainEvent) => void;
}

export interface PseudoRows {
  /** With the pseudo-labels in place of hidden ones. */
  readonly rows: TrainingRows;
  /** Rows that were given a label here. */
  readonly taught: ReadonlySet<number>;
  readonly checksum: string;
}

const checksumOf = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** Rows of the stage. Throws `UserError` `other-pseudo-labels` where a run is resumed with another csv than it was begun with, `nothing-sure` where no guess was accepted. */
export async function pseudoRows(options: PseudoStageOptions): Promise<PseudoRows> {
  const { rows, folder, stage, begunWith } = options;
  const file = join(folder.dir, `pseudo-labels-${stage + 1}.csv`);
  if (begunWith === '') writeAtomically(file, await judge(options, file));
  if (!existsSync(file) || (begunWith !== '' && checksumOf(readFileSync(file)) !== begunWith)) {
    throw new UserError('other-pseudo-labels', `${file}: not the pseudo-labels this stage was begun with; put them back, or start in another --out`);
  }
  const labels = rows.train.labels.slice();
  const taught = await readPseudoLabels(file, rows.train, rows.sources, labels);
  const trainRows = Uint32Array.from([...rows.trainRows, ...taught]).sort();
  return { rows: { ...rows, train: rows.train.withLabels(labels), trainRows }, taught: new Set(taught), checksum: checksumOf(readFileSync(file)) };
}

function modelsOf({ models }: PseudoRecipe, folder: RunFolder, judges: readonly PseudoJudge[]): { bytes: Uint8Array; file: string }[] {
  return (models?.map(judgeFile) ?? [folder.model]).map((file) => {
    const { bytes, checksum } = readJudge(file);
    const known = judges.find((judge) => judge.file === file);
    if (known && known.checksum !== checksum)
      throw new UserError('other-judges', `pseudo.models ${file}: the file was changed since the training was opened; put that back, or start anew`);
    return { bytes, file };
  });
}

/** Judges the rows without labels, says what came of it, and returns the csv. */
async function judge({ pseudo, stage, rows, folder, judges, threads, onEvent }: PseudoStageOptions, file: string): Promise<string> {
  const { train, unlabelledRows, validation, validationRows } = rows;
  const names = train.labelNames;
  const common = { models: modelsOf(pseudo, folder, judges), createSession, flip: pseudo.flip, threads };
  // Calibrated on labelled rows that are not trained on: those the epoch is chosen on.
  const total = common.models.length * (validationRows.length + unlabelledRows.length);
  const tell = (before: number) => (done: number) => onEvent({ type: 'judging', done: before + done, total });
  const known = await judgeRows({ ...common, split: validation, rows: validationRows, onProgress: tell(0) });
  const truth = Uint8Array.from(validationRows, (row) => validation.labels[row]!);
  const temperature = calibrate(known, truth, names.length);
  const thresholds =
    pseudo.precision === undefined
      ? thresholdsOf(pseudo.threshold, names)
      : thresholdsForPrecision(atTemperature(known, names.length, temperature), truth, names.length, pseudo.precision);
  const asked = await judgeRows({ ...common, split: train, rows: unlabelledRows, onProgress: tell(common.models.length * validationRows.length) });
  const guesses = guessRows(atTemperature(asked, names.length, temperature), thresholds);
  const accepted = guesses.filter((guess) => guess.accepted).length;
  if (accepted === 0) {
    throw new UserError(
      'nothing-sure',
      `stage ${stage + 1}: the model is sure of none of the ${unlabelledRows.length} rows without labels; lower pseudo.threshold or pseudo.precision`,
    );
  }
  onEvent({
    type: 'pseudo-labels',
    stage: stage + 1,
    file: basename(file),
    asked: unlabelledRows.length,
    accepted,
    temperature,
    thresholds,
    classes: countAccepted(guesses, names),
  });
  return formatPseudoLabels({ guesses, rows: unlabelledRows, split: train, sources: rows.sources, labelled: false });
}

/** Writes the accepted classes into `labels`; returns the rows they were given to. */
async function readPseudoLabels(file: string, split: Split, sources: readonly StoreSource[], labels: Uint8Array): Promise<number[]> {
  const { source, row } = await split.readProvenance();
  const places = new Map(Array.from(row, (number, at) => [`${sources[source[at]!]!.name}/${sources[source[at]!]!.split}/${number}`, at]));
  return (await readChanges(file)).map(({ source: name, split: from, row: number, to }) => {
    const at = places.get(`${name}/${from}/${number}`)!;
    labels[at] = split.labelNames.indexOf(to);
    return at;
  });
}
