/** Checkpoints: weights, optimiser moments, averages and position, so that a resumed run ends with the same weights. */
import { existsSync, readFileSync } from 'node:fs';
import { type Optimizer, type PlateauState, plateauStart, type TrainStep, type WeightAverage } from '@mien/engine';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '@mien/models';
import { UserError } from '@mien/runtime';
import type { DataFingerprint } from './data-fingerprint.ts';
import { writeAtomically } from './run-folder.ts';
import { isFields } from './set-field.ts';

/** Where in the run the next step is, and the sums the epoch's figures are made of. */
export interface Position {
  /** Stages and epochs count from 0; `epoch` within the stage, `epochsBefore` in the stages before it. */
  stage: number;
  epochsBefore: number;
  epoch: number;
  step: number;
  optimizerSteps: number;
  lossSum: number;
  correct: number;
  seen: number;
  /** Of the whole training; the epoch counts from 1 over all stages. */
  bestAccuracy: number;
  bestEpoch: number;
  /** Epochs of this stage since its accuracy last rose. */
  epochsSinceBest: number;
  /** Best validation accuracy of this stage. */
  stageBest: number;
  /** Where a plateau schedule stands. */
  plateau: PlateauState;
  /** Seconds of training so far, over all sessions. */
  seconds: number;
  /** Checksums of the models the training learns from. */
  teachers: readonly string[];
  /** Checksum of the file of first weights; '' without one, and in checkpoints of before. */
  init: string;
  /** Checksums of the models of `pseudo.models`, all stages; none in checkpoints of before. */
  judges: readonly string[];
  /** Checksums of the csv files of changes. */
  changes: readonly string[];
  /** Checksum of the pseudo-labels of this stage; '' without any. */
  pseudoLabels: string;
  /** The data trained on; undefined in checkpoints of before. */
  data?: DataFingerprint;
}

export function freshPosition(): Position {
  return {
    stage: 0,
    epochsBefore: 0,
    epoch: 0,
    step: 0,
    optimizerSteps: 0,
    lossSum: 0,
    correct: 0,
    seen: 0,
    bestAccuracy: -1,
    bestEpoch: 0,
    epochsSinceBest: 0,
    stageBest: -1,
    plateau: plateauStart,
    seconds: 0,
    teachers: [],
    init: '',
    judges: [],
    changes: [],
    pseudoLabels: '',
  };
}

/** Goes on to the next stage. */
export function nextStage(position: Position): void {
  position.epochsBefore += position.epoch;
  position.stage++;
  Object.assign(position, { epoch: 0, step: 0, optimizerSteps: 0, lossSum: 0, correct: 0, seen: 0, epochsSinceBest: 0, stageBest: -1, plateau: plateauStart });
  position.pseudoLabels = '';
}

export interface TrainingState {
  readonly step: TrainStep;
  readonly optimizer: Optimizer;
  /** Moving average of every weight, where the stage keeps one. */
  readonly average: WeightAverage | undefined;
  readonly position: Position;
}

const checkpointFormat = 'mien-checkpoint-2';

/** `stem.weight.velocity` → the weight whose order it is stored in. */
function weightOf(stateName: string): string {
  return stateName.slice(0, stateName.lastIndexOf('.'));
}

/** The bytes of a checkpoint. */
export function encodeCheckpoint({ step, optimizer, average, position }: TrainingState): Uint8Array {
  const tensors = new Map<string, NamedTensor>();
  const put = (prefix: string, name: string, weight: string, data: Float32Array): void => {
    tensors.set(`${prefix}/${name}`, { shape: step.shapes.get(weight)!, data: step.toPlain(weight, data) });
  };
  for (const [name, data] of step.stored) put('weights', name, name, data);
  for (const [name, data] of optimizer.state) put('optimizer', name, weightOf(name), data);
  for (const [name, data] of average?.average ?? []) put('average', name, name, data);
  return encodeSafetensors({ tensors, metadata: { format: checkpointFormat, position: JSON.stringify(position) } });
}

export function saveCheckpoint(file: string, state: TrainingState): void {
  writeAtomically(file, encodeCheckpoint(state));
}

function readFormat(file: string): ReturnType<typeof decodeSafetensors> {
  if (!existsSync(file)) throw new UserError('no-checkpoint', `${file}: no checkpoint to resume from; start without --resume`);
  const found = decodeSafetensors(readFileSync(file), file);
  if (found.metadata.format !== checkpointFormat) {
    throw new UserError('bad-checkpoint', `${file}: expected a checkpoint of format ${checkpointFormat}, got ${found.metadata.format ?? 'none'}`);
  }
  if (!isPosition(found.metadata.position)) throw new UserError('bad-checkpoint', `${file}: does not say where its run stands; it is damaged, so start anew`);
  return found;
}

function isPosition(text: string | undefined): boolean {
  try {
    return isFields(JSON.parse(text ?? ''));
  } catch {
    return false;
  }
}

/** Where the run of a checkpoint stands. */
export function readPosition(file: string): Position {
  // Checkpoints of before lack what was added to a position since.
  return { ...freshPosition(), ...(JSON.parse(readFormat(file).metadata.position!) as Partial<Position>) };
}

/** Restores a checkpoint into freshly built state. Throws `UserError` when it belongs to another model or optimiser. */
export function loadCheckpoint(file: string, { step, optimizer, average, position }: TrainingState): void {
  const { tensors, metadata } = readFormat(file);
  const get = (prefix: string, name: string, weight: string, out: Float32Array): void => {
    const found = tensors.get(`${prefix}/${name}`);
    if (found?.data.length !== out.length) {
      throw new UserError(
        'bad-checkpoint',
        `${file}: ${prefix} ${name} needs ${out.length} values, the checkpoint has ${found?.data.length ?? 'none'}; it is of another model or optimiser`,
      );
    }
    step.fromPlain(weight, found.data, out);
  };
  for (const [name, data] of step.stored) get('weights', name, name, data);
  for (const [name, data] of optimizer.state) get('optimizer', name, weightOf(name), data);
  for (const [name, data] of average?.average ?? []) get('average', name, name, data);
  Object.assign(position, JSON.parse(metadata.position!) as Position);
  optimizer.steps = position.optimizerSteps;
}
