/** Figures as a card carries them. */
import type { ModelCard } from '@mien/runtime';
import type { Evaluation } from './evaluate.ts';

export type CardFigure = ModelCard['figures'][number];

/** Accuracy with its interval and macro-F1 of an evaluation; `notes` say what should be known of them, by metric. */
export function cardFigures(evaluation: Evaluation, dataset: string, notes: Readonly<{ accuracy?: string; macroF1?: string }> = {}): CardFigure[] {
  const figure = (metric: 'accuracy' | 'macroF1'): CardFigure => {
    const note = notes[metric];
    return { metric, dataset, split: evaluation.split, n: evaluation.n, value: evaluation[metric], ...(note ? { note } : {}) };
  };
  return [{ ...figure('accuracy'), interval95: [...evaluation.accuracy95] }, figure('macroF1')];
}

/** The same figures, each with a note added. */
export function withNote(figures: readonly CardFigure[], note: string): CardFigure[] {
  return figures.map((figure) => ({ ...figure, note: figure.note ? `${figure.note}; ${note}` : note }));
}

/** True where a figure is of these rows. */
export function isOf(figure: CardFigure, dataset: string, split: string): boolean {
  return figure.dataset === dataset && figure.split === split;
}

/** What makes a figure of these rows look better than it is, as far as the card tells; undefined where nothing does. */
export function caveatOf({ training }: ModelCard, dataset: string, split: string): string | undefined {
  if (!training.data.split(' + ').includes(dataset)) return undefined;
  if (training.split.split(' + ').includes(split)) return 'rows the model was trained on';
  return training.chosenOn.split(' + ').some((choice) => choice.split('; ').includes(`split ${split}`)) ? 'rows the epoch was chosen on' : undefined;
}
