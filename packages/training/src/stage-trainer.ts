/** One stage of a training: its compiled step, its optimiser, and the loop over its epochs. */
import { randomFor } from '@mien/data';
import { afterFigure, clipGradients, type GradientAccumulator, learningRateAt } from '@mien/engine';
import { argmax } from '@mien/evaluation';
import { UserError } from '@mien/runtime';
import type { BatchSource, HeadTargets } from './batches.ts';
import { saveCheckpoint, type TrainingState } from './checkpoint.ts';
import type { TeacherPanel } from './combine/teacher-panel.ts';
import type { TrainEvent } from './events.ts';
import type { ImageShape } from './input-pixels.ts';
import { mixHeads } from './mix-heads.ts';
import type { Recipe, Stage } from './recipe-schema.ts';
import type { TimeLeft } from './time-left.ts';

export interface StageContext {
  readonly recipe: Recipe;
  readonly stage: Stage;
  readonly state: TrainingState;
  readonly batches: BatchSource;
  /** [C,H,W] of the images in a batch. */
  readonly imageShape: ImageShape;
  /** Targets by head, the first of which is what accuracy is counted on. */
  readonly heads: ReadonlyMap<string, HeadTargets>;
  readonly teachers: TeacherPanel | undefined;
  /** Epochs of all stages, as planned. */
  readonly plannedEpochs: number;
  readonly timeLeft: TimeLeft;
  readonly checkpointFile: string;
  readonly onEvent: (event: TrainEvent) => void;
  readonly shouldStop: () => boolean;
  /** Epochs of the whole training after which it pauses, its schedule being that of all its epochs. */
  readonly pauseAfter?: number | undefined;
  /** Measures the weights, keeps them where they are the best so far, and returns the validation accuracy. */
  readonly validate: (train: { loss: number; accuracy: number }) => Promise<number>;
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

/** Trains a stage to its end from wherever `state.position` stands. Throws `UserError` when the loss diverges. */
export class StageTrainer {
  readonly #context: StageContext;
  readonly #random = randomFor(0);
  readonly #sums: GradientAccumulator | undefined;
  #smoothedMs = 0;
  /** What filling the batches took so far. */
  #fillMs = 0;

  /** `sums`: where the optimiser of `state` reads its gradients, in a stage that accumulates them. */
  constructor(context: StageContext, sums?: GradientAccumulator) {
    this.#context = context;
    this.#sums = sums;
  }

  /** Resolves false when it was stopped or paused before the end; a checkpoint is written then. */
  async run(): Promise<boolean> {
    const { stage, state } = this.#context;
    const { position } = state;
    while (position.epoch < stage.epochs && !this.#isOutOfPatience()) {
      if (this.#isPaused()) return false;
      while (position.step < this.#stepsPerEpoch) {
        if (!(await this.#step())) return false;
      }
      await this.#finishEpoch();
    }
    return true;
  }

  /** Between epochs only: the checkpoint of the last one is written. */
  #isPaused(): boolean {
    const { state, pauseAfter = Number.POSITIVE_INFINITY, onEvent } = this.#context;
    const { position } = state;
    const done = position.epochsBefore + position.epoch;
    if (position.step > 0 || done < pauseAfter) return false;
    onEvent({ type: 'stopped', epoch: done, step: this.#stepsPerEpoch });
    return true;
  }

  #isOutOfPatience(): boolean {
    const { stage, state } = this.#context;
    return stage.patience > 0 && state.position.epochsSinceBest >= stage.patience;
  }

  /** One update of the weights; false when the run is to stop. */
  async #step(): Promise<boolean> {
    const { recipe, stage, state, onEvent, shouldStop } = this.#context;
    const { position } = state;
    const stepsPerEpoch = this.#stepsPerEpoch;
    // Chance is keyed by the epoch of the whole training, so that a later stage does not repeat the draws of an earlier one.
    const epoch = position.epochsBefore + position.epoch;
    const began = performance.now();
    for (let part = 0; part < stage.accumulate; part++) await this.#runBatch(epoch, position.step * stage.accumulate + part);
    const learningRate = this.#learningRate();
    this.#update(learningRate);
    position.step++;
    const whole = performance.now() - began;
    position.seconds += whole / 1000;
    // In the first step features of all rows may be made, which says nothing of those that follow.
    const ms = this.#smoothedMs ? whole : whole - this.#fillMs;
    this.#smoothedMs = this.#smoothedMs ? 0.95 * this.#smoothedMs + 0.05 * ms : ms;
    onEvent({
      type: 'step',
      epoch: epoch + 1,
      step: position.step,
      stepsPerEpoch,
      epochs: this.#context.plannedEpochs,
      learningRate,
      loss: position.lossSum / position.seen,
      accuracy: position.correct / position.seen,
      imagesPerSecond: (1000 * stage.batch * stage.accumulate) / this.#smoothedMs,
      ...(this.#context.batches.acceptedShare === undefined ? {} : { acceptedShare: this.#context.batches.acceptedShare }),
      secondsLeft: this.#context.timeLeft.from(position, stepsPerEpoch, this.#smoothedMs / 1000),
    });
    const stopping = shouldStop();
    if (stopping || (position.step % recipe.checkpoint.everySteps === 0 && position.step < stepsPerEpoch)) this.#checkpoint();
    if (stopping) onEvent({ type: 'stopped', epoch: epoch + 1, step: position.step });
    return !stopping;
  }

  /** Forward and backward of one batch; what it adds to the epoch's figures. */
  async #runBatch(epoch: number, at: number): Promise<void> {
    const { recipe, stage, state, batches, imageShape, heads, teachers } = this.#context;
    const { step, position } = state;
    const began = performance.now();
    await batches.fillImages(epoch, at, step.images);
    this.#fillMs += performance.now() - began;
    for (const values of step.inputs.values()) batches.fillLandmarks!(epoch, at, values);
    for (const [name, head] of heads) batches.fillTargets(epoch, at, head, step.targetsOf(name));
    if (stage.mix) {
      const targets = [...heads.keys()].map((name) => step.targetsOf(name));
      mixHeads(stage.mix, step.images, imageShape, targets, randomFor(recipe.seed, 'mix', epoch, at));
    }
    await teachers?.teach(step.images, stage.batch, (head) => step.teacherOf(head));
    for (const mask of step.masks) fillMask(mask.data, mask.rate, this.#random.reseed(recipe.seed, 'dropout', mask.name, epoch, at));
    const loss = await step.run();
    if (!Number.isFinite(loss)) {
      const cause = step.diagnose();
      position.step++;
      throw this.#diverged(`the loss became ${loss}${cause ? ` (${cause})` : ''}`);
    }
    this.#sums?.add();
    const [{ classes }] = heads.values();
    const labels = batches.labelsOf(epoch, at);
    position.lossSum += loss * stage.batch;
    position.seen += stage.batch;
    for (let i = 0; i < stage.batch; i++) if (argmax(step.logits, i * classes, classes) === labels[i]) position.correct++;
  }

  get #stepsPerEpoch(): number {
    return Math.floor(this.#context.batches.stepsPerEpoch / this.#context.stage.accumulate);
  }

  #learningRate(): number {
    const { position } = this.#context.state;
    const { epochs, optimizer, schedule } = this.#context.stage;
    const steps = this.#stepsPerEpoch;
    const at = position.epoch * steps + position.step;
    const warmupSteps = schedule.warmupEpochs * steps;
    if (schedule.kind === 'plateau')
      return position.plateau.share * learningRateAt(at, epochs * steps, optimizer.learningRate, { kind: 'constant' }, warmupSteps);
    return learningRateAt(at, epochs * steps, optimizer.learningRate, schedule, warmupSteps);
  }

  #update(learningRate: number): void {
    const { stage, state } = this.#context;
    this.#sums?.finish();
    if (stage.clipNorm > 0) clipGradients(this.#sums?.slots ?? state.step.slots, stage.clipNorm);
    state.optimizer.step(learningRate);
    state.average?.update(state.optimizer.steps);
  }

  #diverged(what: string): UserError {
    const { position } = this.#context.state;
    const epoch = position.epochsBefore + position.epoch + 1;
    const message = `${what} in epoch ${epoch}, step ${position.step}; the last good checkpoint is kept. Try a lower optimizer.learningRate or look for broken images`;
    this.#context.onEvent({ type: 'diverged', epoch, step: position.step, message });
    return new UserError('diverged', message);
  }

  /** An update that overflows comes before the loss that shows it: weights are looked at before they are kept. */
  #checkpoint(): void {
    const { state, checkpointFile } = this.#context;
    if (!areSane(state.step.stored)) throw this.#diverged('the weights overflowed');
    state.position.optimizerSteps = state.optimizer.steps;
    saveCheckpoint(checkpointFile, state);
  }

  async #finishEpoch(): Promise<void> {
    const { state, validate } = this.#context;
    const { schedule } = this.#context.stage;
    const { position } = state;
    const began = performance.now();
    if (!areSane(state.step.stored)) throw this.#diverged('the weights overflowed');
    position.step = 0;
    position.epoch++;
    const accuracy = await validate({ loss: position.lossSum / position.seen, accuracy: position.correct / position.seen });
    const rises = accuracy > position.stageBest;
    position.epochsSinceBest = rises ? 0 : position.epochsSinceBest + 1;
    position.stageBest = Math.max(position.stageBest, accuracy);
    if (schedule.kind === 'plateau') position.plateau = afterFigure(position.plateau, accuracy, { better: 'larger', ...schedule });
    Object.assign(position, { lossSum: 0, correct: 0, seen: 0 });
    position.seconds += (performance.now() - began) / 1000;
    this.#checkpoint();
  }
}
