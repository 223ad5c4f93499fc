/** What a training would cost on this machine, from a few measured steps: `mien train --dry-run`. */
import { describeNetwork } from '@mien/engine';
import { sizeOf } from '@mien/onnx';
import { freshPosition } from './checkpoint.ts';
import { imagesPerBatch, openStage, openTraining, type OpenTrainingOptions, stepsPerEpoch, type Training } from './open-training.ts';
import type { Stage } from './recipe-schema.ts';

export interface StageEstimate {
  readonly name: string;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly trainedParameters: number;
  readonly imagesPerSecond: number;
  /** Of the whole stage, as long as patience does not end it; validation included. */
  readonly seconds: number;
}

export interface TrainingEstimate {
  readonly architecture: string;
  /** [C,H,W] */
  readonly input: readonly number[];
  readonly parameters: number;
  /** Of one image forward, 2 × multiply-adds. */
  readonly flops: number;
  readonly rows: number;
  readonly validationRows: number;
  readonly kernels: string;
  readonly init?: Training['init'];
  readonly stages: readonly StageEstimate[];
  readonly seconds: number;
  /** Most memory this process held while measuring, in bytes. */
  readonly peakBytes: number;
}

/** Steps that are measured, after one that is not: the first one also allocates. */
const measuredSteps = 3;
/** A backward pass costs about twice a forward one. */
const forwardShare = 1 / 3;

async function estimateStage(training: Training, stage: Stage): Promise<StageEstimate> {
  const { state, batches, heads, features, release } = await openStage(training, stage, freshPosition());
  const { step, optimizer } = state;
  try {
    step.load(training.start);
    // Features of all rows are too many to compute for an estimate; one batch of them tells what they cost.
    const images = features && new Float32Array(stage.batch * sizeOf(training.plan.batchInput));
    let began = performance.now();
    if (images) await features.extract(images);
    const extraction = images ? ((performance.now() - began) / 1000 / stage.batch) * training.rows.trainRows.length : 0;
    for (let i = 0; i <= measuredSteps; i++) {
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
    const { trainRows, validationRows, unlabelledRows } = training.rows;
    // How many rows will be given a label is not known before there is a model: at most all of them.
    const rows = stage.pseudo ? { ...training.rows, trainRows: Uint32Array.from([...trainRows, ...unlabelledRows]) } : training.rows;
    const steps = stepsPerEpoch({ rows }, stage);
    const forward = features ? extraction / trainRows.length : (forwardShare * secondsPerImage * stage.batch) / imagesPerBatch(stage);
    const judging = stage.pseudo ? (unlabelledRows.length + validationRows.length) * forward * (stage.pseudo.flip ? 2 : 1) : 0;
    const epochSeconds = secondsPerImage * steps * stage.batch * stage.accumulate + forward * validationRows.length;
    return {
      name: stage.name,
      epochs: stage.epochs,
      stepsPerEpoch: steps,
      trainedParameters: step.slots.reduce((sum, slot) => sum + slot.weights.length, 0),
      imagesPerSecond: 1 / secondsPerImage,
      seconds: extraction + judging + stage.epochs * epochSeconds,
    };
  } finally {
    await release();
  }
}

/** Builds every stage, runs a few steps of each and adds up. Nothing is written. Throws what a training would throw before its first step. */
export async function estimateTraining(options: OpenTrainingOptions): Promise<TrainingEstimate> {
  const training = await openTraining(options);
  const { plan, rows, init, kernelReport } = training;
  const stages: StageEstimate[] = [];
  try {
    for (const stage of options.recipe.stages) stages.push(await estimateStage(training, stage));
  } finally {
    await training.teachers?.release();
  }
  const { params, flops } = describeNetwork(plan.network, plan.input);
  return {
    architecture: plan.architecture.name,
    input: plan.input,
    parameters: params.total,
    flops,
    rows: rows.trainRows.length,
    validationRows: rows.validationRows.length,
    kernels: kernelReport,
    ...(init ? { init } : {}),
    stages,
    seconds: stages.reduce((sum, stage) => sum + stage.seconds, 0),
    // In kilobytes, whatever the platform.
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}
