/** The training loop. Runs wherever it is called; `train.ts` puts it in a worker thread, because a step blocks the event loop. */
import { createSession } from '@mien/onnx/node';
import { existsSync } from 'node:fs';
import { openStore, randomFor, type Split, stratifiedHoldout } from '@mien/data';
import { adam, buildNetwork, learningRateAt, type Optimizer, probeKernels, sgd, TrainStep } from '@mien/engine';
import { argmax, evaluateSplit } from '@mien/evaluation';
import { UserError } from '@mien/runtime';
import { TrainingBatches } from './batches.ts';
import { loadCheckpoint, type Position, saveCheckpoint, type TrainingState } from './checkpoint.ts';
import type { TrainEvent } from './events.ts';
import { architectureOf, describeValidation, type ExportContext, exportModel } from './export-model.ts';
import type { Recipe } from './recipe.ts';
import { runFolder, writeAtomically } from './run-folder.ts';

export interface TrainerOptions {
  readonly recipe: Recipe;
  /** Directory of a store. */
  readonly data: string;
  /** The run folder; exists. */
  readonly out: string;
  readonly resume: boolean;
  readonly threads?: number | undefined;
  readonly onEvent: (event: TrainEvent) => void;
  /** Asked between steps; true ends the run with a checkpoint. */
  readonly shouldStop: () => boolean;
}

/** Largest size of an image ÷ size of the network's input. */
const largestMargin = 1.25;

interface Rows {
  readonly train: Split;
  readonly trainRows: Uint32Array;
  readonly validation: Split;
  readonly validationRows: Uint32Array;
}

function everyRow(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

async function chooseRows(recipe: Recipe, dir: string): Promise<Rows & { name: string }> {
  const store = await openStore(dir);
  const train = await store.split(recipe.data.train);
  const { validation } = recipe.data;
  const { name } = store.manifest;
  if ('split' in validation) {
    const other = await store.split(validation.split);
    return { name, train, trainRows: everyRow(train.count), validation: other, validationRows: everyRow(other.count) };
  }
  const { train: trainRows, heldOut } = stratifiedHoldout(train.labels, validation.fraction, recipe.seed);
  return { name, train, trainRows, validation: train, validationRows: heldOut };
}

function makeOptimizer(recipe: Recipe, step: TrainStep): Optimizer {
  const o = recipe.optimizer;
  return o.kind === 'sgd' ? sgd(step.slots, o) : adam(step.slots, { ...o, decoupled: o.kind === 'adamw' });
}

/** Mean ← decay · mean + (1 − decay) · weights; short runs lean on recent weights: decay is at most (1 + t) / (10 + t). */
function updateAverage(average: ReadonlyMap<string, Float32Array>, stored: ReadonlyMap<string, Float32Array>, decay: number, steps: number): void {
  const rate = 1 - Math.min(decay, (1 + steps) / (10 + steps));
  for (const [name, mean] of average) {
    const now = stored.get(name)!;
    for (let i = 0; i < mean.length; i++) mean[i] = mean[i]! + rate * (now[i]! - mean[i]!);
  }
}

/** Trains as the recipe says. Resolves when done or stopped; throws `UserError` when the data does not fit or the loss diverges. */
export async function runTraining(options: TrainerOptions): Promise<void> {
  const { recipe, onEvent } = options;
  const folder = runFolder(options.out);
  const architecture = architectureOf(recipe);
  const rows = await chooseRows(recipe, options.data);
  const { image, labelNames } = rows.train;
  const [C, H, W] = architecture.input;
  if (image.channels !== C || image.height < H || image.width < W) {
    throw new UserError(
      'input-mismatch',
      `model ${architecture.name} takes ${C}×${H}×${W} (C×H×W), the data holds ${image.channels}×${image.height}×${image.width}; import the data at that size or choose another model`,
    );
  }
  // The network sees the central (in training: a random) window of an image; a much larger image would lose most of the face.
  if (image.height > largestMargin * H || image.width > largestMargin * W) {
    throw new UserError(
      'input-mismatch',
      `model ${architecture.name} takes ${H}×${W} pixels, the data holds ${image.height}×${image.width}, of which it would see only the middle; import the data again with --size ${Math.round(1.1 * Math.max(H, W))}`,
    );
  }
  if (rows.trainRows.length < recipe.batch) {
    throw new UserError(
      'batch-too-large',
      `batch ${recipe.batch} is larger than the ${rows.trainRows.length} training rows; set a smaller one with --set batch=${Math.max(1, rows.trainRows.length)}`,
    );
  }
  if (rows.validationRows.length === 0) throw new UserError('no-validation', `${describeValidation(recipe)} holds no rows to choose the best epoch on`);
  const network = architecture.build({ classes: labelNames.length });
  const { kernels, report } = await probeKernels(createSession);
  const step = await TrainStep.create({
    network,
    input: architecture.input,
    classes: labelNames.length,
    batch: recipe.batch,
    kernels,
    createSession,
    ...(options.threads ? { threads: options.threads } : {}),
  });
  const { specs } = buildNetwork(network, architecture.input, { mode: 'infer', batch: 1 });
  step.load(new Map(specs.map((spec) => [spec.name, spec.initializer(spec.shape, randomFor(recipe.seed, 'weights', spec.name))])));

  const geometry = { channels: C, height: image.height, width: image.width, outHeight: H, outWidth: W };
  const batches = new TrainingBatches(rows.train, rows.trainRows, recipe, geometry, labelNames.length);
  const stored = step.stored;
  const position: Position = { epoch: 0, step: 0, optimizerSteps: 0, lossSum: 0, correct: 0, seen: 0, bestAccuracy: -1, bestEpoch: 0, seconds: 0 };
  const state: TrainingState = {
    step,
    position,
    optimizer: makeOptimizer(recipe, step),
    average: new Map(recipe.ema ? [...stored].map(([name, values]) => [name, values.slice()]) : []),
  };
  const resuming = options.resume && existsSync(folder.last);
  if (resuming) loadCheckpoint(folder.last, state);
  const { stepsPerEpoch } = batches;
  onEvent({
    type: 'start',
    kernels: report,
    rows: rows.trainRows.length,
    validationRows: rows.validationRows.length,
    stepsPerEpoch,
    epochs: recipe.epochs,
    ...(resuming ? { resumedAt: { epoch: position.epoch + 1, step: position.step } } : {}),
  });

  const diverged = (what: string): UserError => {
    const message = `${what} in epoch ${position.epoch + 1}, step ${position.step}; the last good checkpoint is kept. Try a lower optimizer.learningRate or look for broken images`;
    onEvent({ type: 'diverged', epoch: position.epoch + 1, step: position.step, message });
    return new UserError('diverged', message);
  };
  // An update that overflows comes before the loss that shows it: weights are looked at before they are kept.
  const checkpoint = (): void => {
    if (!areSane(stored)) throw diverged('the weights overflowed');
    position.optimizerSteps = state.optimizer.steps;
    saveCheckpoint(folder.last, state);
  };
  const random = randomFor(0);
  const total = recipe.epochs * stepsPerEpoch;
  const K = labelNames.length;
  let recent = 0;
  let smoothedMs = 0;

  while (position.epoch < recipe.epochs) {
    const { epoch } = position;
    while (position.step < stepsPerEpoch) {
      const began = performance.now();
      const labels = await batches.fill(epoch, position.step, step);
      for (const mask of step.masks) fillMask(mask.data, mask.rate, random.reseed(recipe.seed, 'dropout', mask.name, epoch, position.step));
      const loss = await step.run();
      if (!Number.isFinite(loss)) {
        position.step++;
        throw diverged(`the loss became ${loss}`);
      }
      const learningRate = learningRateAt(
        epoch * stepsPerEpoch + position.step,
        total,
        recipe.optimizer.learningRate,
        recipe.schedule,
        recipe.schedule.warmupEpochs * stepsPerEpoch,
      );
      state.optimizer.step(learningRate);
      if (recipe.ema) updateAverage(state.average, stored, recipe.ema, state.optimizer.steps);
      position.lossSum += loss * recipe.batch;
      position.seen += recipe.batch;
      for (let i = 0; i < recipe.batch; i++) if (argmax(step.logits, i * K, K) === labels[i]) position.correct++;
      position.step++;
      const ms = performance.now() - began;
      position.seconds += ms / 1000;
      smoothedMs = recent++ ? 0.95 * smoothedMs + 0.05 * ms : ms;
      onEvent({
        type: 'step',
        epoch: epoch + 1,
        step: position.step,
        stepsPerEpoch,
        epochs: recipe.epochs,
        learningRate,
        loss: position.lossSum / position.seen,
        accuracy: position.correct / position.seen,
        imagesPerSecond: (1000 * recipe.batch) / smoothedMs,
        secondsLeft: ((total - epoch * stepsPerEpoch - position.step) * smoothedMs) / 1000,
      });
      const stopping = options.shouldStop();
      if (stopping || (position.step % recipe.checkpoint.everySteps === 0 && position.step < stepsPerEpoch)) checkpoint();
      if (stopping) {
        onEvent({ type: 'stopped', epoch: epoch + 1, step: position.step });
        await step.release();
        return;
      }
    }
    await finishEpoch();
  }
  onEvent({ type: 'done', bestEpoch: position.bestEpoch, bestAccuracy: position.bestAccuracy, seconds: position.seconds });
  await step.release();

  async function finishEpoch(): Promise<void> {
    const began = performance.now();
    if (!areSane(stored)) throw diverged('the weights overflowed');
    const weights = step.save(recipe.ema ? state.average : undefined);
    const context: ExportContext = {
      recipe,
      labels: labelNames,
      imageSize: [image.height, image.width],
      dataName: rows.name,
      rows: rows.trainRows.length,
      epochs: position.epoch + 1,
      figures: [],
    };
    const evaluation = await evaluateSplit({
      model: exportModel(weights, context),
      file: folder.model,
      createSession,
      split: rows.validation,
      rows: rows.validationRows,
      ...(options.threads ? { threads: options.threads } : {}),
    });
    const best = evaluation.accuracy > position.bestAccuracy;
    if (best) {
      const figure = (metric: string, value: number) => ({
        metric,
        dataset: rows.name,
        split: rows.validation.name,
        n: evaluation.n,
        value,
        note: `validation rows, used to choose the epoch: ${describeValidation(recipe)}`,
      });
      const figures = [
        { ...figure('accuracy', evaluation.accuracy), interval95: [...evaluation.accuracy95] as [number, number] },
        figure('macroF1', evaluation.macroF1),
      ];
      writeAtomically(folder.model, exportModel(weights, { ...context, figures }));
      position.bestAccuracy = evaluation.accuracy;
      position.bestEpoch = position.epoch + 1;
    }
    position.seconds += (performance.now() - began) / 1000;
    const train = { loss: position.lossSum / position.seen, accuracy: position.correct / position.seen };
    position.epoch++;
    Object.assign(position, { step: 0, lossSum: 0, correct: 0, seen: 0 });
    checkpoint();
    onEvent({
      type: 'epoch',
      epoch: position.epoch,
      train,
      best,
      seconds: position.seconds,
      validation: { loss: evaluation.nll, accuracy: evaluation.accuracy, macroF1: evaluation.macroF1, n: evaluation.n },
    });
  }
}

/** Larger weights than this mean nothing and precede infinity. */
const largestWeight = 1e6;

function areSane(weights: ReadonlyMap<string, Float32Array>): boolean {
  for (const values of weights.values()) for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]!) <= largestWeight)) return false;
  return true;
}

/** 1 with probability 1 − rate, else 0, eight bits of randomness each; `rate` is a multiple of 1/256. */
function fillMask(mask: Uint8Array, rate: number, random: { next(): number }): void {
  const threshold = Math.round(rate * 256);
  for (let i = 0; i < mask.length; i += 4) {
    const word = Math.floor(random.next() * 4294967296);
    for (let k = 0; k < 4 && i + k < mask.length; k++) mask[i + k] = ((word >>> (8 * k)) & 255) >= threshold ? 1 : 0;
  }
}
