/** What a training reports while it runs; also the lines of `log.jsonl`. */
import type { AcceptedCount } from './semi/pseudo-labels.ts';
import type { InitReport } from './initial-weights.ts';

export interface EpochFigures {
  readonly loss: number;
  readonly accuracy: number;
}

/** What takes its time between steps: features of a frozen backbone, validation, judging rows without labels, measuring a finished model. Not logged. */
export interface CountEvent {
  readonly type: 'features' | 'validating' | 'judging' | 'measuring';
  /** Images. */
  readonly done: number;
  readonly total: number;
}

/** True for events that only count on towards something. */
export function isCount(event: TrainEvent): event is CountEvent {
  return event.type === 'features' || event.type === 'validating' || event.type === 'judging' || event.type === 'measuring';
}

export type TrainEvent =
  | {
      readonly type: 'start';
      readonly kernels: string;
      readonly rows: number;
      readonly validationRows: number;
      readonly stepsPerEpoch: number;
      /** Epochs of all stages, as planned. */
      readonly epochs: number;
      /** What became of the weights of the recipe's `init`. */
      readonly init?: InitReport;
      readonly resumedAt?: { epoch: number; step: number };
    }
  /** What is likely not meant, in one line. */
  | { readonly type: 'notice'; readonly message: string }
  | CountEvent
  | {
      readonly type: 'stage';
      /** Counts from 1. */
      readonly stage: number;
      readonly stages: number;
      readonly name: string;
      readonly epochs: number;
      readonly trainedParameters: number;
      /** True where the frozen backbone runs once for the whole stage instead of at every step. */
      readonly keepsFeatures: boolean;
    }
  | {
      readonly type: 'step';
      /** Epochs count from 1, steps within the epoch too. */
      readonly epoch: number;
      readonly step: number;
      readonly stepsPerEpoch: number;
      readonly epochs: number;
      /** Means over the epoch so far. */
      readonly loss: number;
      readonly accuracy: number;
      readonly learningRate: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
      /** Share of the unlabelled images that taught something lately, where the stage learns from them. */
      readonly acceptedShare?: number;
    }
  | {
      /** Before a stage that learns from pseudo-labels. */
      readonly type: 'pseudo-labels';
      /** Counts from 1. */
      readonly stage: number;
      /** Csv in the folder of the run. */
      readonly file: string;
      readonly asked: number;
      readonly accepted: number;
      /** Fitted on the rows the epoch is chosen on. */
      readonly temperature: number;
      /** [K]; 2 for a class that is never accepted. */
      readonly thresholds: readonly number[];
      readonly classes: readonly AcceptedCount[];
    }
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      readonly train: EpochFigures;
      readonly validation: EpochFigures & { readonly macroF1: number; readonly n: number };
      readonly best: boolean;
      readonly seconds: number;
    }
  | { readonly type: 'diverged'; readonly epoch: number; readonly step: number; readonly message: string }
  | { readonly type: 'stopped'; readonly epoch: number; readonly step: number }
  | { readonly type: 'done'; readonly bestEpoch: number; readonly bestAccuracy: number; readonly seconds: number };
