/** Checkpoints: weights, optimiser moments, averages and position, so that a resumed run ends with the same weights. */
import { existsSync, readFileSync } from 'node:fs';
import type { Optimizer, TrainStep } from '@mien/engine';
import { UserError } from '@mien/runtime';
import { writeAtomically } from './run-folder.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts';

/** Where in the run the next step is, and the sums the epoch's figures are made of. */
export interface Position {
  epoch: number;
  step: number;
  optimizerSteps: number;
  lossSum: number;
  correct: number;
  seen: number;
  bestAccuracy: number;
  bestEpoch: number;
  /** Seconds of training so far, over all sessions. */
  seconds: number;
}

export interface TrainingState {
  readonly step: TrainStep;
  readonly optimizer: Optimizer;
  /** Moving average of every weight, in stored order; empty without one. */
  readonly average: ReadonlyMap<string, Float32Array>;
  readonly position: Position;
}

/** `stem.weight.velocity` → the weight whose order it is stored in. */
function weightOf(stateName: string): string {
  return stateName.slice(0, stateName.lastIndexOf('.'));
}

export function saveCheckpoint(file: string, { step, optimizer, average, position }: TrainingState): void {
  const tensors = new Map<string, NamedTensor>();
  const put = (prefix: string, name: string, weight: string, data: Float32Array): void => {
    tensors.set(`${prefix}/${name}`, { shape: step.shapes.get(weight)!, data: step.toPlain(weight, data) });
  };
  for (const [name, data] of step.stored) put('weights', name, name, data);
  for (const [name, data] of optimizer.state) put('optimizer', name, weightOf(name), data);
  for (const [name, data] of average) put('average', name, name, data);
  writeAtomically(file, encodeSafetensors({ tensors, metadata: { format: 'mien-checkpoint-1', position: JSON.stringify(position) } }));
}

/** Restores a checkpoint into freshly built state. Throws `UserError` when it belongs to another model or optimiser. */
export function loadCheckpoint(file: string, { step, optimizer, average, position }: TrainingState): void {
  if (!existsSync(file)) throw new UserError('no-checkpoint', `${file}: no checkpoint to resume from; start without --resume`);
  const { tensors, metadata } = decodeSafetensors(readFileSync(file), file);
  if (metadata.format !== 'mien-checkpoint-1')
    throw new UserError('bad-checkpoint', `${file}: expected a checkpoint written by Mien, got format ${metadata.format ?? 'unknown'}`);
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
  for (const [name, data] of average) get('average', name, name, data);
  Object.assign(position, JSON.parse(metadata.position!) as Position);
  optimizer.steps = position.optimizerSteps;
}
