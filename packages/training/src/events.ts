/** What a training reports while it runs; also the lines of `log.jsonl`. */

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
      readonly epochs: number;
      readonly resumedAt?: { epoch: number; step: number };
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
