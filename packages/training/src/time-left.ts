/** Seconds a training still takes: the steps of its stage as they are measured, everything else by what it computes. */
import type { Position } from './checkpoint.ts';
import type { StageWork } from './training-cost.ts';

export interface TimeLeftOptions {
  /** Of every stage of the training, and which one this is. */
  readonly works: readonly StageWork[];
  readonly stage: number;
  readonly epochs: number;
  /** Whether a step of the stage computes on kept features: it then says nothing of how fast the whole network runs. */
  readonly keepsFeatures: boolean;
}

export class TimeLeft {
  readonly #options: TimeLeftOptions;
  /** When features were first heard of, and of how many images. */
  #began: { readonly at: number; readonly done: number } | undefined;
  /** Of the whole network. */
  #flopsPerSecond: number | undefined;

  constructor(options: TimeLeftOptions) {
    this.#options = options;
  }

  /** Tells of features of so many images made by `at` milliseconds. */
  features(done: number, at: number): void {
    if (this.#began && at > this.#began.at) {
      const { works, stage } = this.#options;
      this.#flopsPerSecond = ((done - this.#began.done) * works[stage]!.features * 1000) / (at - this.#began.at);
    }
    this.#began ??= { at, done };
  }

  /** From a position within the stage on; stages that follow are left out as long as nothing tells how fast the network runs. */
  from({ epoch, step }: Pick<Position, 'epoch' | 'step'>, stepsPerEpoch: number, secondsPerStep: number): number {
    const { works, stage, epochs, keepsFeatures } = this.#options;
    const work = works[stage]!;
    // Features that might be kept, but are too many, are computed in every step.
    const wholeStep = work.step + work.imagesPerStep * work.features;
    const flopsPerSecond = keepsFeatures ? this.#flopsPerSecond : wholeStep / secondsPerStep;
    const steps = (epochs - epoch) * stepsPerEpoch - step;
    const others = (epochs - epoch) * work.validation + works.slice(stage + 1).reduce((sum, { total }) => sum + total, 0);
    return steps * secondsPerStep + (flopsPerSecond ? others / flopsPerSecond : 0);
  }
}
