/** What a training would cost on this machine, from a few measured steps: `mien train --dry-run`. */
import { describeNetwork } from '@mien/engine';
import { sizeOf } from '@mien/onnx';
import { encodeCheckpoint, freshPosition, type TrainingState } from './checkpoint.ts';
import { exportModel } from './export-model.ts';
import { featureBytes, machineMemory } from './training-memory.ts';
import { evaluateWeights, exportContextOf } from './validation.ts';
import { closeTraining, imagesPerBatch, openStage, openTraining, type OpenTrainingOptions, stepsPerEpoch, type Training } from './open-training.ts';
import type { Stage } from './recipe-schema.ts';
import { layerCosts, stepFactor } from './training-cost.ts';
import { noticesOf } from './notices.ts';

export interface StageEstimate {
  readonly name: string;
  /** What should be known of it. */
  readonly notice?: string;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly trainedParameters: number;
  readonly imagesPerSecond: number;
  /** Of the whole stage, as long as patience does not end it; validation included. */
  readonly seconds: number;
  /** Of the features of all rows, where a frozen backbone gives them once: they come on top of what is measured. */
  readonly featureBytes: number;
}

export interface EstimateProgress {
  /** Counts from 1. */
  readonly stage: number;
  readonly stages: number;
  readonly name: string;
  /** A step takes as long as the machine needs for it; so does building, of a large network. */
  readonly doing: 'building' | 'measuring' | 'validating';
  /** Steps measured, of so many. */
  readonly done: number;
  readonly total: number;
}

export interface EstimateOptions extends OpenTrainingOptions {
  readonly onProgress?: ((progress: EstimateProgress) => void) | undefined;
}

export interface TrainingEstimate {
  readonly architecture: string;
  /** [C,H,W] */
  readonly input: readonly number[];
  /** [H,W] images are brought to before the central H×W of `input` is seen. */
  readonly resizeTo: readonly number[];
  readonly parameters: number;
  /** Of one image forward, 2 × multiply-adds. */
  readonly flops: number;
  readonly rows: number;
  readonly validationRows: number;
  readonly kernels: string;
  readonly init?: Training['init'];
  /** What is likely not meant, a line each. */
  readonly notices: readonly string[];
  readonly stages: readonly StageEstimate[];
  readonly seconds: number;
  /** In bytes: the most this process held while it ran steps, validated, exported and put checkpoints together, 15 % more, and the kept features of all rows. */
  readonly peakBytes: number;
  /** Memory of the machine, or of the part of it this process may use. */
  readonly machineBytes: number;
}

/** Steps that are measured, after one that is not: the first one also allocates. */
const measuredSteps = 3;
/** Trainings held 8 to 11 % more than what a few steps, a validation and a checkpoint do (benchmarks/full-recipes.md). */
const allowance = 1.15;
/** Images that `evaluateSplit` looks at together: as many are validated. */
const validationBatch = 64;

/** What a training does after an epoch, for the memory it takes: nothing of it is written. */
async function finishEpochOnce(training: Training, state: TrainingState): Promise<void> {
  const weights = state.step.save(state.average?.average);
  const context = exportContextOf(training, 1);
  await evaluateWeights(training, weights, { context, file: 'the network', rows: training.rows.validationRows.subarray(0, validationBatch) });
  exportModel(weights, context);
  encodeCheckpoint(state);
}

async function estimateStage(training: Training, stage: Stage, tell: (doing: EstimateProgress['doing'], done: number) => void): Promise<StageEstimate> {
  tell('building', 0);
  const { state, batches, heads, features, notice, release } = await openStage(training, stage, freshPosition());
  const { step, optimizer } = state;
  try {
    step.load(training.start);
    // Features of all rows are too many to compute for an estimate; one batch of them tells what they cost.
    const images = features && new Float32Array(stage.batch * sizeOf(training.plan.batchInput));
    let began = performance.now();
    if (images) await features.extract(images);
    const extraction = images ? ((performance.now() - began) / 1000 / stage.batch) * training.rows.trainRows.length : 0;
    for (let i = 0; i <= measuredSteps; i++) {
      tell('measuring', i);
      if (i === 1) began = performance.now();
      if (!features) await batches.fillImages(0, 0, step.images);
      for (const values of step.inputs.values()) batches.fillLandmarks!(0, 0, values);
      for (const [name, head] of heads) batches.fillTargets(0, 0, head, step.targetsOf(name));
      await training.teachers?.teach(step.images, stage.batch, (head) => step.teacherOf(head));
      for (const mask of step.masks) mask.data.fill(1);
      await step.run();
      optimizer.step(0);
    }
    const secondsPerImage = (performance.now() - began) / 1000 / measuredSteps / stage.batch;
    tell('validating', measuredSteps);
    await finishEpochOnce(training, state);
    const { trainRows, validationRows, unlabelledRows } = training.rows;
    // How many rows will be given a label is not known before there is a model: at most all of them.
    const rows = stage.pseudo ? { ...training.rows, trainRows: Uint32Array.from([...trainRows, ...unlabelledRows]) } : training.rows;
    const steps = stepsPerEpoch({ rows }, stage);
    // Frozen layers have no backward pass: forward is then more than a third of a step.
    const forward = features
      ? extraction / trainRows.length
      : (secondsPerImage * stage.batch) / imagesPerBatch(stage) / stepFactor(layerCosts(training.plan), stage);
    const judging = stage.pseudo
      ? (unlabelledRows.length + validationRows.length) * forward * (stage.pseudo.flip ? 2 : 1) * (stage.pseudo.models?.length ?? 1)
      : 0;
    const epochSeconds = secondsPerImage * steps * stage.batch * stage.accumulate + forward * validationRows.length;
    return {
      name: stage.name,
      ...(notice === undefined ? {} : { notice }),
      epochs: stage.epochs,
      stepsPerEpoch: steps,
      trainedParameters: step.slots.reduce((sum, slot) => sum + slot.weights.length, 0),
      imagesPerSecond: 1 / secondsPerImage,
      seconds: extraction + judging + stage.epochs * epochSeconds,
      featureBytes: featureBytes(trainRows.length, features?.featureSize ?? 0),
    };
  } finally {
    await release();
  }
}

/** Builds every stage, runs a few steps of each and adds up. Nothing is written. Throws what a training would throw before its first step. */
export async function estimateTraining(options: EstimateOptions): Promise<TrainingEstimate> {
  const training = await openTraining(options);
  const { plan, rows, init, kernelReport } = training;
  const stages: StageEstimate[] = [];
  try {
    const { recipe, onProgress } = options;
    for (const [i, stage] of recipe.stages.entries()) {
      const common = { stage: i + 1, stages: recipe.stages.length, name: stage.name, total: measuredSteps };
      stages.push(await estimateStage(training, stage, (doing, done) => onProgress?.({ ...common, doing, done })));
    }
  } finally {
    await closeTraining(training);
  }
  const { params, flops } = describeNetwork(plan.network, plan.input);
  return {
    architecture: plan.architecture.name,
    input: plan.input,
    resizeTo: plan.resizeTo,
    parameters: params.total,
    flops,
    rows: rows.trainRows.length,
    validationRows: rows.validationRows.length,
    kernels: kernelReport,
    ...(init ? { init } : {}),
    notices: [...noticesOf(options.recipe, plan, init), ...stages.flatMap(({ notice }) => notice ?? [])],
    stages,
    seconds: stages.reduce((sum, stage) => sum + stage.seconds, 0),
    // In kilobytes, whatever the platform.
    peakBytes: allowance * process.resourceUsage().maxRSS * 1024 + Math.max(...stages.map((stage) => stage.featureBytes)),
    machineBytes: machineMemory(),
  };
}
