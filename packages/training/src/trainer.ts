/** A whole training, stage after stage. Runs wherever it is called; `train.ts` puts it in a worker thread, because a step blocks the event loop. */
import { existsSync, readFileSync } from 'node:fs';
import type { Weights } from '@mien/engine';
import { cardFigures } from '@mien/evaluation';
import { UserError } from '@mien/runtime';
import { freshPosition, loadCheckpoint, nextStage, type Position, readPosition, saveCheckpoint, type TrainingState } from './checkpoint.ts';
import { type TeacherPanel, teacherFlops } from './combine/teacher-panel.ts';
import { checkSameData, fingerprintOf } from './data-fingerprint.ts';
import type { TrainEvent } from './events.ts';
import { exportModel } from './export-model.ts';
import { weightsOfModel } from './init-file.ts';
import type { InitReport } from './initial-weights.ts';
import { closeTraining, openStage, openTraining, type OpenTrainingOptions, stepsPerEpoch, type Training } from './open-training.ts';
import type { Stage } from './recipe-schema.ts';
import { describeValidation } from './rows.ts';
import { noticesOf } from './notices.ts';
import { pseudoRows } from './semi/pseudo-stage.ts';
import { type RunFolder, runFolder, writeAtomically } from './run-folder.ts';
import { TimeLeft } from './time-left.ts';
import { stageWork } from './training-cost.ts';
import { evaluateWeights, exportContextOf } from './validation.ts';

export interface TrainerOptions extends OpenTrainingOptions {
  /** The run folder; exists. */
  readonly out: string;
  readonly resume: boolean;
  readonly onEvent: (event: TrainEvent) => void;
  /** Asked between steps; true ends the run with a checkpoint. */
  readonly shouldStop: () => boolean;
  /** Epochs after which the training pauses with a checkpoint; resumed, it goes on as if it had not. */
  readonly pauseAfter?: number | undefined;
}

interface Run extends Training {
  readonly folder: RunFolder;
  readonly position: Position;
  readonly onEvent: (event: TrainEvent) => void;
}

/** Trains as the recipe says. Resolves when done or stopped; throws `UserError` when the data does not fit or the loss diverges. */
export async function runTraining(options: TrainerOptions): Promise<void> {
  const data = await fingerprintOf(options.data);
  const { last } = runFolder(options.out);
  const begun = options.resume && existsSync(last) ? readPosition(last) : undefined;
  checkSameData(begun?.data, data, options.out, 'run');
  const training = await openTraining(options);
  try {
    await runStages(training, { ...(begun ?? freshPosition()), data }, begun !== undefined, options);
  } finally {
    await closeTraining(training);
  }
}

async function runStages(training: Training, position: Position, resuming: boolean, options: TrainerOptions): Promise<void> {
  const { recipe, onEvent, shouldStop } = options;
  const { rows, init, teachers, judges, kernelReport } = training;
  const folder = runFolder(options.out);
  if (resuming) checkTeachers(position, teachers, options.out);
  if (resuming) checkChanges(position, training, options.out);
  if (resuming) checkInit(position, training, options.out);
  if (resuming) checkJudges(position, training, options.out);
  position.teachers = teachers?.checksums ?? [];
  position.changes = rows.changes;
  position.init = init?.checksum ?? '';
  position.judges = judges.map(({ checksum }) => checksum);
  const run: Run = { ...training, folder, position, onEvent };
  const plannedEpochs = recipe.stages.reduce((sum, stage) => sum + stage.epochs, 0);
  onEvent({
    type: 'start',
    kernels: kernelReport,
    rows: rows.trainRows.length,
    validationRows: rows.validationRows.length,
    stepsPerEpoch: stepsPerEpoch(training, recipe.stages[0]!),
    epochs: plannedEpochs,
    ...(init ? { init: withoutRows(init) } : {}),
    ...(resuming ? { resumedAt: { epoch: position.epochsBefore + position.epoch + 1, step: position.step } } : {}),
  });

  if (!resuming) for (const message of noticesOf(recipe, training.plan, init)) onEvent({ type: 'notice', message });
  const counts = { train: rows.trainRows.length, validation: rows.validationRows.length, unlabelled: rows.unlabelledRows.length };
  const works = stageWork(recipe, training.plan, counts, teacherFlops(recipe.distill?.teachers ?? []));

  let weights = training.start;
  for (let isFirst = true; position.stage < recipe.stages.length; isFirst = false) {
    const stage = recipe.stages[position.stage]!;
    const { pseudo } = stage;
    const judged =
      pseudo &&
      (await pseudoRows({ pseudo, stage: position.stage, rows, folder, judges, begunWith: position.pseudoLabels, threads: training.threads, onEvent }));
    position.pseudoLabels = judged?.checksum ?? '';
    const taught = judged && ((row: number): number => (judged.taught.has(row) ? pseudo.weight : 1));
    const { state, features, notice, trainer, release } = await openStage(judged ? { ...training, rows: judged.rows } : training, stage, position, {
      rowWeight: taught,
      onFeatures: (done, total) => {
        timeLeft.features(done, performance.now());
        onEvent({ type: 'features', done, total });
      },
    });
    const timeLeft = new TimeLeft({ works, stage: position.stage, epochs: stage.epochs, keepsFeatures: features !== undefined });
    try {
      if (isFirst && resuming) loadCheckpoint(folder.last, state);
      else {
        state.step.load(startOf(stage, run, weights));
        state.average?.reset();
        // Its first epoch may replace the best model, which it began with or asked for labels: it must not have to begin once more.
        if (position.stage > 0) saveCheckpoint(folder.last, state);
      }
      if (notice !== undefined) onEvent({ type: 'notice', message: notice });
      announce(run, state, stage, features !== undefined);
      const finished = await trainer({
        plannedEpochs,
        timeLeft,
        checkpointFile: folder.last,
        onEvent,
        shouldStop,
        pauseAfter: options.pauseAfter,
        validate: (train) => validate(run, state, train),
      }).run();
      if (!finished) return;
      weights = state.step.save(state.average?.average);
    } finally {
      await release();
    }
    nextStage(position);
  }
  onEvent({ type: 'done', bestEpoch: position.bestEpoch, bestAccuracy: position.bestAccuracy, seconds: position.seconds });
}

/** A run whose teachers were exchanged would not end as the one that was begun. */
function checkTeachers(position: Position, teachers: TeacherPanel | undefined, out: string): void {
  const changed = teachers?.names.filter((_, i) => position.teachers[i] !== teachers.checksums[i]) ?? [];
  if (changed.length === 0) return;
  throw new UserError(
    'other-teachers',
    `${out}: the file of teacher ${changed.join(', ')} is not the one the run began with; put that back, or start in another --out`,
  );
}

/** What the card tells of them must be true of all labels they gave. */
function checkJudges(position: Position, { judges }: Training, out: string): void {
  // Checkpoints of before know none.
  const changed = judges.filter(({ checksum }, i) => position.judges[i] !== undefined && position.judges[i] !== checksum);
  if (changed.length === 0) return;
  const names = changed.map(({ file }) => file).join(', ');
  throw new UserError('other-judges', `${out}: pseudo.models ${names} is not the file the run began with; put that back, or start in another --out`);
}

/** Rows that were cleaned otherwise are other rows. */
function checkChanges({ changes }: Position, { recipe, rows }: Training, out: string): void {
  const changed = (recipe.data.changes ?? []).filter((_, i) => changes[i] !== rows.changes[i]);
  if (changed.length === 0) return;
  throw new UserError('other-changes', `${out}: ${changed.join(', ')} is not the csv the run began with; put that back, or start in another --out`);
}

/** For a line of the log: the rows that weights were learnt from may fill pages, and stand on the card. */
function withoutRows(init: InitReport): InitReport {
  const { learntRows: _, chosenRows: __, ...origin } = init.origin;
  return { ...init, origin };
}

/** A stage may start anew from the first weights, and the card tells where they came from. */
function checkInit(position: Position, { recipe, init }: Training, out: string): void {
  if (position.init === '' || position.init === init?.checksum) return;
  throw new UserError('other-init', `${out}: ${recipe.init} is not the file of weights the run began with; put that back, or start in another --out`);
}

/** Weights a stage begins with; `last` are those the stage before ended with. */
function startOf({ startFrom }: Stage, { position, folder, start }: Run, last: Weights): Weights {
  if (startFrom === 'new') return start;
  return startFrom === 'best' && position.bestEpoch > 0 ? bestWeights(folder.model) : last;
}

function bestWeights(model: string): Weights {
  return new Map([...weightsOfModel(new Uint8Array(readFileSync(model)))].map(([name, { data }]) => [name, data]));
}

function announce({ recipe, position, onEvent }: Run, { step }: TrainingState, stage: Stage, keepsFeatures: boolean): void {
  if (recipe.stages.length === 1) return;
  const trained = step.slots.reduce((sum, slot) => sum + slot.weights.length, 0);
  onEvent({
    type: 'stage',
    stage: position.stage + 1,
    stages: recipe.stages.length,
    name: stage.name,
    epochs: stage.epochs,
    trainedParameters: trained,
    keepsFeatures,
  });
}

/** Evaluates the exported form of the weights as they are, and keeps it where it is the best of the training so far. */
async function validate(run: Run, state: TrainingState, train: { loss: number; accuracy: number }): Promise<number> {
  const { recipe, rows, folder, position, onEvent } = run;
  const epoch = position.epochsBefore + position.epoch;
  const weights = state.step.save(state.average?.average);
  const context = exportContextOf(run, epoch);
  const onProgress = (done: number, total: number): void => onEvent({ type: 'validating', done, total });
  const evaluation = await evaluateWeights(run, weights, { context, file: folder.model, onProgress });
  const best = evaluation.accuracy > position.bestAccuracy;
  if (best) {
    const note = `validation rows, used to choose the epoch: ${describeValidation(recipe)}`;
    const figures = cardFigures(evaluation, rows.name, { accuracy: note, macroF1: note });
    writeAtomically(folder.model, exportModel(weights, { ...context, figures }));
    position.bestAccuracy = evaluation.accuracy;
    position.bestEpoch = epoch;
  }
  onEvent({
    type: 'epoch',
    epoch,
    train,
    best,
    seconds: position.seconds,
    validation: { loss: evaluation.nll, accuracy: evaluation.accuracy, macroF1: evaluation.macroF1, n: evaluation.n },
  });
  return evaluation.accuracy;
}
