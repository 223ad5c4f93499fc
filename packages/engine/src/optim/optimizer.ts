/** What every optimiser does: change weights in place, given their gradients. */

import type { FloatArena } from './float-arena.ts';

/** One weight array with its gradient; decay says whether weight decay applies. */
export interface OptimizerSlot {
  readonly name: string;
  readonly weights: Float32Array;
  readonly gradients: Float32Array;
  readonly decay: boolean;
  /** Memory both arrays lie in, from which an optimiser takes its own if it can work on vectors there. */
  readonly arena?: FloatArena | undefined;
}

/** An array of zeros as long as the slot's, in its arena where there is room. */
export function allocateBeside({ weights, arena }: OptimizerSlot): Float32Array {
  return arena?.allocate(weights.length) ?? new Float32Array(weights.length);
}

/** What sets some weights apart from the others. */
export interface ParameterGroup {
  /** Times the learning rate. Default 1. */
  readonly learningRateFactor?: number;
  /** Instead of the optimiser's, where decay applies at all: never to biases and normalisation. */
  readonly weightDecay?: number;
  /** True leaves the weights as they are and keeps no state for them. Freezing them in the graph saves their gradients too. */
  readonly frozen?: boolean;
}

/** The group of each weight, by its name. */
export type GroupOf = (name: string) => ParameterGroup;

/** A slot with what the optimiser needs to know of its group. */
export interface GroupedSlot extends OptimizerSlot {
  readonly rateFactor: number;
  readonly weightDecay: number;
}

/** Slots that are to be updated, each with its share of the learning rate and its weight decay. */
export function groupSlots(slots: readonly OptimizerSlot[], weightDecay: number, groupOf: GroupOf = () => ({})): GroupedSlot[] {
  return slots.flatMap((slot) => {
    const group = groupOf(slot.name);
    if (group.frozen) return [];
    return [{ ...slot, rateFactor: group.learningRateFactor ?? 1, weightDecay: slot.decay ? (group.weightDecay ?? weightDecay) : 0 }];
  });
}

export interface Optimizer {
  /** One update with the given learning rate. */
  step(learningRate: number): void;
  /** The arrays a checkpoint must keep, by name; changed in place by `step`. */
  readonly state: ReadonlyMap<string, Float32Array>;
  /** Steps taken so far; a resumed run sets it. */
  steps: number;
}
