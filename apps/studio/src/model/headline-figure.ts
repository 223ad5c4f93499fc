/** The one figure that stands for a model in the header. */
import type { ModelCard } from '@mien/runtime';

export type Figure = ModelCard['figures'][number];

/** An accuracy, on rows that did not help to choose the weights where there are such; undefined when none was measured. */
export function headlineFigure(card: ModelCard): Figure | undefined {
  const accuracies = card.figures.filter(({ metric }) => metric === 'accuracy');
  return accuracies.find(({ split }) => !card.training.chosenOn.includes(split)) ?? accuracies[0];
}
