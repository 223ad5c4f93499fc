/** Lower the learning rate when a figure stops getting better: the one schedule that cannot know the rate beforehand. */

export interface PlateauOptions {
  /** Whether a good figure is a large one, as accuracy, or a small one, as loss. */
  readonly better: 'larger' | 'smaller';
  /** Times the rate at each reduction, below 1. Default 0.1. */
  readonly factor?: number;
  /** Figures in a row without progress before a reduction. Default 5. */
  readonly patience?: number;
  /** What a figure must be better by to be progress, in its own unit. Default 0. */
  readonly threshold?: number;
  /** The rate never falls below this share of its start. Default 0. */
  readonly minimum?: number;
}

/** Plain data: what a checkpoint keeps. */
export interface PlateauState {
  /** Share of the base rate that is in force. */
  readonly share: number;
  /** The best figure so far; null before the first. */
  readonly best: number | null;
  /** Figures since the best. */
  readonly waited: number;
}

export const plateauStart: PlateauState = { share: 1, best: null, waited: 0 };

/** The state after one more figure, as the validation accuracy of an epoch. NaN is never progress. */
export function afterFigure(state: PlateauState, figure: number, options: PlateauOptions): PlateauState {
  const { better, factor = 0.1, patience = 5, threshold = 0, minimum = 0 } = options;
  const gain = state.best === null ? Number.POSITIVE_INFINITY : better === 'larger' ? figure - state.best : state.best - figure;
  if (gain > threshold && !Number.isNaN(figure)) return { ...state, best: figure, waited: 0 };
  if (state.waited + 1 < patience) return { ...state, waited: state.waited + 1 };
  return { ...state, share: Math.max(minimum, state.share * factor), waited: 0 };
}
