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

/**
 * Floating-point operations of a training, convolutions and dense layers only: every epoch of every stage, its
 * validation, and what its teachers (of `teacherFlops` an image) answer. Early stopping may end it sooner.
 */
export function trainingFlops(recipe: Recipe, plan: NetworkPlan, rows: RowCounts, teacherFlops = 0): number {
  const { flops } = describeNetwork(plan.network, plan.input);
  const costs = layerCosts(plan);
  const { unlabelled = 0 } = rows;
  return recipe.stages.reduce((sum, stage) => {
    const perStep = stage.batch * stage.accumulate;
    // Of rows that a model labels, all may be accepted.
    const images = perStep * (stage.steps ?? Math.floor((rows.train + (stage.pseudo ? unlabelled : 0)) / perStep));
    const judged = stage.pseudo ? (unlabelled + rows.validation) * (stage.pseudo.flip ? 2 : 1) * (stage.pseudo.models?.length ?? 1) : 0;
    // Each unlabelled image is looked at in two views, one of which is learnt from.
    const ratio = stage.consistency?.ratio ?? 0;
    const factor = stepFactor(costs, stage);
    const perImage = (factor * (1 + ratio) + ratio) * flops + teacherFlops;
    return sum + judged * flops + stage.epochs * (images * perImage + rows.validation * flops);
  }, 0);
}
