/** How much a training computes, without building it: for plans of many trainings and their time left. */
import { buildNetwork, describeNetwork, type LayerInfo } from '@mien/engine';
import type { NetworkPlan } from './network-plan.ts';
import type { Recipe, Stage } from './recipe-schema.ts';
import { frozenIn, isWithin } from './weight-groups.ts';

export interface RowCounts {
  readonly train: number;
  readonly validation: number;
  /** Rows without labels, of a recipe that has some. Default 0. */
  readonly unlabelled?: number;
}

interface LayerCost {
  /** Multiply-adds of one image forward, up to a factor that is the same for all layers. */
  readonly work: number;
  readonly weights: readonly string[];
}

/** Places at which a layer applies its weights: pixels of a convolution, tokens of a dense or attention layer. */
function placesOf({ type, output }: LayerInfo): number {
  const places = type === 'conv' ? output.slice(1) : type === 'dense' || type === 'attention' ? output.slice(0, -1) : [0];
  return places.reduce((product, dim) => product * dim, 1);
}

/** Layers from the input to the output with what they compute. */
export function layerCosts({ network, input }: NetworkPlan): LayerCost[] {
  const { layers, specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  const trainable = specs.filter(({ kind }) => kind === 'trainable').map(({ name }) => name);
  return layers.map((layer) => ({ work: layer.params * placesOf(layer), weights: trainable.filter((name) => isWithin(name, layer.name)) }));
}

/**
 * Work of a step ÷ work of its forward pass: 3 where everything trains. The gradient by its weights costs a layer as much
 * as going forward, that by its input the same again; the latter is needed above the lowest layer that trains.
 */
export function stepFactor(costs: readonly LayerCost[], stage: Pick<Stage, 'trainable' | 'frozen'>): number {
  const isFrozen = frozenIn(stage);
  const trains = costs.map(({ weights }) => weights.some((name) => !isFrozen(name)));
  const lowest = trains.indexOf(true);
  const forward = costs.reduce((sum, { work }) => sum + work, 0);
  if (lowest < 0 || forward === 0) return 1;
  const backward = costs.reduce((sum, { work }, i) => sum + work * (Number(trains[i]) + Number(i > lowest)), 0);
  return 1 + backward / forward;
}

/** Images of one step, and what a step computes beside them for each: in passes forward of one image. */
function passesPerImage(costs: readonly LayerCost[], stage: Stage): number {
  // Each unlabelled image is looked at in two views, one of which is learnt from.
  const ratio = stage.consistency?.ratio ?? 0;
  return stepFactor(costs, stage) * (1 + ratio) + ratio;
}

/** Part of a pass forward that lies below the lowest layer that trains, 0…1. */
function frozenShare(costs: readonly LayerCost[], stage: Pick<Stage, 'trainable' | 'frozen'>): number {
  const isFrozen = frozenIn(stage);
  const lowest = costs.findIndex(({ weights }) => weights.some((name) => !isFrozen(name)));
  const all = costs.reduce((sum, { work }) => sum + work, 0);
  return lowest < 0 || all === 0 ? 0 : costs.slice(0, lowest).reduce((sum, { work }) => sum + work, 0) / all;
}

/** Whether what a frozen part makes of an image is the same in every epoch, so that it may be kept; whether it fits in memory is another matter. */
export function mayKeepFeatures({ distill }: Pick<Recipe, 'distill'>, { trainable, frozen, augmentation, mix, consistency }: Stage): boolean {
  return trainable.length + frozen.length > 0 && augmentation.length === 0 && !mix && !consistency && !distill;
}

export interface StageWork {
  /** Floating-point operations of one step: all batches whose gradients it averages, and what teachers answer; without a part whose features are kept. */
  readonly step: number;
  readonly imagesPerStep: number;
  /** Of the frozen part of one image, where a stage keeps its features; else 0. */
  readonly features: number;
  readonly stepsPerEpoch: number;
  /** Of looking at the validation rows once. */
  readonly validation: number;
  /** Of what comes before the first step: labels that a model gives, features that are kept. */
  readonly before: number;
  /** Of the whole stage. Early stopping may end it sooner. */
  readonly total: number;
}

/** What each stage computes, convolutions, dense layers and attention only; teachers answer in `teacherFlops` an image. */
export function stageWork(recipe: Recipe, plan: NetworkPlan, rows: RowCounts, teacherFlops = 0): StageWork[] {
  const { flops } = describeNetwork(plan.network, plan.input);
  const costs = layerCosts(plan);
  const { unlabelled = 0 } = rows;
  return recipe.stages.map((stage) => {
    const perStep = stage.batch * stage.accumulate;
    // Of rows that a model labels, all may be accepted.
    const stepsPerEpoch = stage.steps ?? Math.floor((rows.train + (stage.pseudo ? unlabelled : 0)) / perStep);
    const judged = stage.pseudo ? (unlabelled + rows.validation) * (stage.pseudo.flip ? 2 : 1) * (stage.pseudo.models?.length ?? 1) : 0;
    const share = mayKeepFeatures(recipe, stage) ? frozenShare(costs, stage) : 0;
    const step = perStep * ((passesPerImage(costs, stage) - share) * flops + teacherFlops);
    const validation = rows.validation * flops;
    const before = (judged + share * (rows.train + (stage.pseudo ? unlabelled : 0))) * flops;
    return {
      step,
      imagesPerStep: perStep,
      features: share * flops,
      stepsPerEpoch,
      validation,
      before,
      total: before + stage.epochs * (stepsPerEpoch * step + validation),
    };
  });
}

/** Floating-point operations of a training: every epoch of every stage, its validation, and what its teachers answer. */
export function trainingFlops(recipe: Recipe, plan: NetworkPlan, rows: RowCounts, teacherFlops = 0): number {
  return stageWork(recipe, plan, rows, teacherFlops).reduce((sum, { total }) => sum + total, 0);
}

/**
 * GFLOP/s of training steps on two cores, as measured: se-cnn-improved in benchmarks/engine.md and the narrow residual networks of
 * docs/results.md (61 to 66); wide ones come to 92 (resnet18-48).
 */
export const usualGflops = 64;
/** The same of efficientnet-b0: depthwise convolutions move more memory than they compute. */
const depthwiseGflops = 18;
/** A network is one of depthwise convolutions from this part of its convolutions on: EfficientNet and MobileNet have a fifth to a third. */
const depthwiseShare = 0.15;

/** Times as long as others that networks of depthwise convolutions need for the same operations; 1 for others. */
export function slownessOf({ network, input }: Pick<NetworkPlan, 'network' | 'input'>): number {
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  const kernels = specs.filter(({ kind, shape }) => kind === 'trainable' && shape.length === 4).map(({ shape }) => shape as [number, number, number, number]);
  // The first sees the image: of one channel, it looks like one of a channel each.
  const depthwise = kernels.slice(1).filter(([filters, perGroup, height]) => filters > 1 && perGroup === 1 && height > 1);
  return kernels.length > 0 && depthwise.length / kernels.length >= depthwiseShare ? usualGflops / depthwiseGflops : 1;
}
