/** Figures as a card carries them. */
import type { ModelCard } from '@mien/runtime';
import type { Evaluation } from './evaluate.ts';

export type CardFigure = ModelCard['figures'][number];

/** Rows of which figures say too much. */
export const trainedCaveat = 'rows the model was trained on';
export const chosenCaveat = 'rows the epoch was chosen on';

/** Metrics of a card; `recall of LABEL` besides. */
type Metric = 'accuracy' | 'macroF1' | 'ece' | `recall of ${string}`;

/**
 * Accuracy with its interval and macro-F1 of an evaluation; with `details` its calibration error and the recall of every label
 * too. `notes` say what should be known of them, by metric or of `all`.
 */
export function cardFigures(
  { split, n, accuracy, accuracy95, macroF1, ece, perClass, labels, head, protocol, target }: Evaluation,
  dataset: string,
  { details = false, ...notes }: Readonly<{ details?: boolean; accuracy?: string; macroF1?: string; all?: string }> = {},
): CardFigure[] {
  const figure = (metric: Metric, value: number, count: number): CardFigure => {
    const note = [notes[metric as 'accuracy'], notes.all].filter(Boolean).join('; ');
    return { metric, head, ...(target === 'ferplus' ? { protocol } : {}), dataset, split, n: count, value, ...(note ? { note } : {}) };
  };
  const recalls = labels
    .filter((label) => perClass[label]!.support > 0)
    .map((label) => figure(`recall of ${label}`, perClass[label]!.recall, perClass[label]!.support));
  return [
    { ...figure('accuracy', accuracy, n), interval95: [...accuracy95] },
    figure('macroF1', macroF1, n),
    ...(details ? [figure('ece', ece, n), ...recalls] : []),
  ];
}

/** The same figures, each with a note added. */
export function withNote(figures: readonly CardFigure[], note: string): CardFigure[] {
  return figures.map((figure) => ({ ...figure, note: figure.note ? `${figure.note}; ${note}` : note }));
}

/** True where a figure is of these rows. */
export function isOf(figure: CardFigure, dataset: string, split: string): boolean {
  return figure.dataset === dataset && figure.split === split;
}

/** What makes a figure of these rows look better than it is, as far as a card tells that names splits alone; undefined where nothing does. */
export function caveatOf({ training }: ModelCard, dataset: string, split: string): string | undefined {
  if (!training.data.split(' + ').includes(dataset)) return undefined;
  if (training.split.split(' + ').includes(split)) return trainedCaveat;
  return training.chosenOn.split(' + ').some((choice) => choice.split('; ').includes(`split ${split}`)) ? chosenCaveat : undefined;
}
