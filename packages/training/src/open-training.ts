/** A recipe and a store made ready to train: rows, network, first weights, and each stage's compiled step. */
import { type CreateSession, type Device, DeviceError, onDevice, sizeOf } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import {
  accumulateGradients,
  adam,
  averageWeights,
  featureSizeOf,
  chooseKernels,
  createFeatureTraining,
  type FeatureTraining,
  type HeadOptions,
  type Kernels,
  LiveInference,
  type Optimizer,
  type ProbeResult,
  sgd,
  TrainStep,
  type TrainStepOptions,
  type Weights,
} from '@mien/engine';
import { UserError } from '@mien/runtime';
import { checkStages } from './check-stages.ts';
import { type BatchSource, type HeadTargets, TrainingBatches } from './batches.ts';
import type { SplitLandmarks } from '@mien/data';
import type { Position, TrainingState } from './checkpoint.ts';
import { FeatureBatches, tooManyFeatures } from './feature-batches.ts';
import { mayKeepFeatures } from './training-cost.ts';
import { TeacherPanel } from './combine/teacher-panel.ts';
import { type Head, headTargets, votesOf } from './heads.ts';
import { type InitReport, initialWeights } from './initial-weights.ts';
import { type NetworkPlan, planNetwork } from './network-plan.ts';
import type { Recipe, Stage } from './recipe-schema.ts';
import { ConsistencyBatches } from './semi/consistency-batches.ts';
import { type PseudoJudge, readJudges } from './semi/pseudo-judges.ts';
import { chooseRows, type TrainingRows } from './rows.ts';
import { StageTrainer, type StageContext } from './stage-trainer.ts';
import type { Votes } from './targets.ts';
import { openLandmarks } from './training-landmarks.ts';
import { frozenIn, groupOf } from './weight-groups.ts';

/** What stays the same over all stages. */
export interface Training {
  readonly recipe: Recipe;
  readonly rows: TrainingRows;
  readonly plan: NetworkPlan;
  readonly votes: Votes | undefined;
  /** Of the training split, where the recipe needs them. */
  readonly landmarks: SplitLandmarks | undefined;
  readonly kernels: Kernels;
  /** The kernels in words. */
  readonly kernelReport: string;
  readonly start: Weights;
  readonly init: InitReport | undefined;
  readonly teachers: TeacherPanel | undefined;
  /** Models whose guesses stages learn from as labels. */
  readonly judges: readonly PseudoJudge[];
  readonly threads: number | undefined;
  /** Opens sessions on the device of the training; validation stays on the processor. */
  readonly createSession: CreateSession;
}

export interface OpenStage {
  readonly state: TrainingState;
  readonly batches: BatchSource;
  /** Set where the frozen backbone runs once for the whole stage instead of at every step. */
  readonly features: FeatureTraining | undefined;
  /** What should be known of the stage before its first step. */
  readonly notice: string | undefined;
  release(): Promise<void>;
  readonly heads: ReadonlyMap<string, HeadTargets>;
  /** Trains the stage; the rest of the context is the caller's. */
  trainer(context: Omit<StageContext, 'recipe' | 'stage' | 'state' | 'batches' | 'imageShape' | 'heads' | 'teachers'>): StageTrainer;
}

function makeOptimizer({ optimizer: o }: Stage, slots: TrainStep['slots']): Optimizer {
  const group = (name: string) => groupOf(o, name);
  return o.kind === 'sgd' ? sgd(slots, { ...o, group }) : adam(slots, { ...o, decoupled: o.kind === 'adamw', group });
}

function geometryOf(plan: NetworkPlan, { train }: TrainingRows): ConstructorParameters<typeof TrainingBatches>[0]['geometry'] {
  const { channels, height, width } = train.image;
  const [, outHeight, outWidth] = plan.batchInput;
  return { channels, height, width, outHeight, outWidth };
}

async function openTeachers(
  { distill, align }: Recipe,
  plan: NetworkPlan,
  { train }: TrainingRows,
  threads: number | undefined,
): Promise<TeacherPanel | undefined> {
  if (!distill) return undefined;
  const { height, width } = train.image;
  return TeacherPanel.open({
    teachers: distill.teachers,
    picture: { shape: plan.batchInput, whole: [height, width] },
    heads: plan.heads,
    align: train.isLevel ? 'eyes-level' : align,
    threads,
  });
}

/** What the training graph is to teach a head: its targets, and its teachers where it has some. */
function headOptions({ labels, weight }: Head, isTaught: boolean, { distill }: Recipe): HeadOptions {
  const classes = labels.length;
  if (!distill || !isTaught) return { classes, weight };
  return { classes, weight: weight * (1 - distill.weight), distillation: { temperature: distill.temperature, weight: weight * distill.weight } };
}

export interface OpenTrainingOptions {
  readonly recipe: Recipe;
  /** Directory of a store. */
  readonly data: string;
  readonly threads?: number | undefined;
  /** Where steps run; default `cpu`. Never replaced by another. */
  readonly device?: Device | undefined;
}

const probed = new Map<Device, Promise<ProbeResult>>();

/** The kernels for a device, looked for once a process. Throws `UserError` `device-unavailable`. */
export async function kernelsFor(device: Device): Promise<ProbeResult> {
  const known = probed.get(device) ?? chooseKernels(createSession, device);
  probed.set(device, known);
  try {
    return await known;
  } catch (error) {
    probed.delete(device);
    if (error instanceof DeviceError) throw new UserError('device-unavailable', error.message, { cause: error });
    throw error;
  }
}

/** Reads and checks everything, draws the first weights and looks what the machine can do; `closeTraining` lets go of it. Throws `UserError` for what does not fit. */
export async function openTraining(options: OpenTrainingOptions): Promise<Training> {
  const rows = await chooseRows(options.recipe, options.data);
  try {
    return await openOn(rows, options);
  } catch (error) {
    await rows.close();
    throw error;
  }
}

export async function closeTraining({ teachers, rows }: Training): Promise<void> {
  try {
    await teachers?.release();
  } finally {
    await rows.close();
  }
}

async function openOn(rows: TrainingRows, options: OpenTrainingOptions): Promise<Training> {
  const { recipe } = options;
  const { image, labelNames } = rows.train;
  const plan = planNetwork(recipe, [image.channels, image.height, image.width], labelNames);
  checkStages(recipe, plan, rows);
  const { weights: start, report: init } = initialWeights(plan.network, plan.input, recipe);
  const votes = await votesOf(rows.train);
  const landmarks = await openLandmarks(recipe, plan, rows);
  const judges = readJudges(recipe);
  const { device = 'cpu' } = options;
  const { kernels, report } = await kernelsFor(device);
  const teachers = await openTeachers(recipe, plan, rows, options.threads);
  return {
    recipe,
    rows,
    plan,
    votes,
    landmarks,
    kernels,
    kernelReport: report,
    start,
    init,
    teachers,
    judges,
    threads: options.threads,
    createSession: onDevice(createSession, device),
  };
}

/** Updates of the weights in an epoch of a stage. */
export function stepsPerEpoch({ rows }: Pick<Training, 'rows'>, stage: Stage): number {
  return stage.steps ?? Math.floor(rows.trainRows.length / (stage.batch * stage.accumulate));
}

/** Images of one batch: labelled ones, and the unlabelled ones that are taught beside them. */
export function imagesPerBatch({ batch, consistency }: Pick<Stage, 'batch' | 'consistency'>): number {
  return batch * (1 + (consistency?.ratio ?? 0));
}

interface KeptFeatures {
  readonly features?: FeatureTraining;
  /** Why they are not kept although they could be. */
  readonly tooMany?: string | undefined;
}

/** The stage split below its lowest trained weight, where what lies below gives the same features in every epoch and they fit in memory. */
async function openFeatures({ recipe, rows }: Training, stage: Stage, options: TrainStepOptions): Promise<KeptFeatures> {
  if (!mayKeepFeatures(recipe, stage)) return {};
  const featureSize = featureSizeOf(options);
  if (featureSize === undefined) return {};
  const tooMany = tooManyFeatures(rows.trainRows.length, featureSize);
  return tooMany === undefined ? { features: await createFeatureTraining(options) } : { tooMany };
}

export interface OpenStageOptions {
  /** What a row counts in the loss, where that differs. */
  readonly rowWeight?: ((row: number) => number) | undefined;
  /** Told of while a frozen backbone makes features of all rows, which the first step waits for. */
  readonly onFeatures?: (done: number, total: number) => void;
}

/** Compiles a stage; its weights are zero until they are loaded. */
export async function openStage(training: Training, stage: Stage, position: Position, given: OpenStageOptions = {}): Promise<OpenStage> {
  const { rowWeight, onFeatures } = given;
  const { recipe, rows, plan, kernels, votes, landmarks, teachers, threads } = training;
  const isTaught = (name: string): boolean => teachers?.heads.some((head) => head.name === name) ?? false;
  const heads = headTargets({ heads: plan.heads, split: rows.train, rows: rows.trainRows, loss: stage.loss, votes, rowWeight });
  const geometry = geometryOf(plan, rows);
  const images = new TrainingBatches({
    split: rows.train,
    rows: rows.trainRows,
    seed: recipe.seed,
    stage,
    geometry,
    landmarks,
    batches: stage.steps && stage.steps * stage.accumulate,
  });
  const options: TrainStepOptions = {
    network: plan.trainingNetwork,
    input: plan.batchInput,
    heads: Object.fromEntries(plan.heads.map((head) => [head.name, headOptions(head, isTaught(head.name), recipe)])),
    batch: imagesPerBatch(stage),
    kernels,
    createSession: training.createSession,
    frozen: frozenIn(stage),
    ...(threads ? { threads } : {}),
  };
  const { features, tooMany } = await openFeatures(training, stage, options);
  const step = features?.step ?? (await TrainStep.create(options));
  const { consistency } = stage;
  const live =
    consistency &&
    (await LiveInference.create(step, { ...options, batch: consistency.ratio * stage.batch, head: plan.heads[0]!.name }).catch(async (error: unknown) => {
      await (features ?? step).release();
      throw error;
    }));
  let batches: BatchSource = images;
  if (features) {
    const imageSize = sizeOf(plan.batchInput);
    batches = new FeatureBatches({ images, rows: rows.trainRows, batch: stage.batch, imageSize, features, ...(onFeatures ? { onProgress: onFeatures } : {}) });
  }
  if (consistency) {
    const [head] = heads.values();
    const { seed } = recipe;
    batches = new ConsistencyBatches({
      labelled: images,
      split: rows.train,
      unlabelled: rows.unlabelledRows,
      seed,
      stage,
      consistency,
      geometry,
      head: head!,
      live: live!,
    });
  }
  const sums = stage.accumulate > 1 ? accumulateGradients(step.slots) : undefined;
  const average = stage.ema > 0 ? averageWeights(step.stored, stage.ema) : undefined;
  const state = { step, optimizer: makeOptimizer(stage, sums?.slots ?? step.slots), average, position };
  const release = async (): Promise<void> => {
    await live?.release();
    await (features ?? step).release();
  };
  return {
    state,
    batches,
    heads,
    features,
    notice: tooMany && `stage ${stage.name}: ${tooMany}`,
    release,
    trainer: (context) => new StageTrainer({ ...context, recipe, stage, state, batches, imageShape: plan.batchInput, heads, teachers }, sums),
  };
}
