/** One face over time: from the outputs of single frames to probabilities and a label one can look at. */
import { type ModelCard, softmax } from '@mien/runtime';
import { calibratedLogits } from './calibrated-logits.ts';
import { OneEuro, type OneEuroOptions } from './one-euro.ts';
import { SteadyLabel, type SteadyLabelOptions } from './steady-label.ts';

export interface SmoothingOptions {
  /** The filter of the logits; `'off'` passes them on as they are. */
  readonly filter?: OneEuroOptions | 'off';
  /** How the label changes; `'off'` always shows the likeliest. */
  readonly label?: SteadyLabelOptions | 'off';
}

/** Chosen with `mien bench flicker`: it delays probabilities by about 20 ms; what keeps the label still is `SteadyLabel`. */
export const defaultFilter: OneEuroOptions = { minCutoffHz: 1.6, beta: 0.15, speedCutoffHz: 1 };

/**
 * Lowest probability of the shown label that counts as sure, where the card says nothing: below a half, a calibrated
 * model is more likely wrong than right.
 */
export const defaultAbstainThreshold = 0.5;
/** Once unsure, this much more is needed to be sure again. */
const sureAgain = 0.05;

export interface SmoothedExpression {
  /** Index of the label shown. */
  readonly label: number;
  /** Calibrated and smoothed, [K] in 0…1, sum 1. */
  readonly probabilities: Float64Array;
  /** Whether the shown label is too unlikely to be relied on. */
  readonly unsure: boolean;
}

export class FaceSmoother {
  readonly #temperature: number;
  readonly #threshold: number;
  readonly #filter: OneEuro | undefined;
  readonly #label: SteadyLabel | undefined;
  #unsure = false;

  constructor(card: Pick<ModelCard, 'output' | 'abstain'>, { filter = defaultFilter, label = {} }: SmoothingOptions = {}) {
    this.#temperature = card.output.temperature;
    this.#threshold = card.abstain?.threshold ?? defaultAbstainThreshold;
    this.#filter = filter === 'off' ? undefined : new OneEuro(filter);
    this.#label = label === 'off' ? undefined : new SteadyLabel(label);
  }

  /** The network's logits [K] of a frame at `time` (seconds, growing); `offset` [K] as from `neutralOffset`. */
  next(logits: ArrayLike<number>, time: number, offset?: ArrayLike<number>): SmoothedExpression {
    const calibrated = calibratedLogits(logits, this.#temperature, offset);
    const smoothed = this.#filter?.next(calibrated, time) ?? calibrated;
    const probabilities = softmax(smoothed);
    const label = this.#label?.next(smoothed, time) ?? probabilities.indexOf(Math.max(...probabilities));
    this.#unsure = probabilities[label]! < this.#threshold + (this.#unsure ? sureAgain : 0);
    return { label, probabilities, unsure: this.#unsure };
  }
}
