/** What a training reports while it runs; also the lines of `log.jsonl`. */
import type { InitReport } from './initial-weights.ts';

export interface EpochFigures {
  readonly loss: number;
  readonly accuracy: number;
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
