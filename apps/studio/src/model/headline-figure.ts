/** The figures of a card in the order a reader wants them, and the one that stands for a model in the header. */
import type { ModelCard } from '@mien/runtime';

export type Figure = ModelCard['figures'][number];

/** As cards name the main output: of an output `logits` nothing is said, or `expression`. */
function isMain({ head }: Figure, { output }: ModelCard): boolean {
  return head === undefined || head === (output.name === 'logits' ? 'expression' : output.name);
}

/** An accuracy, on rows that did not help to choose the weights where there are such; undefined when none was measured. */
export function headlineFigure(card: ModelCard): Figure | undefined {
  const accuracies = card.figures.filter((figure) => figure.metric === 'accuracy' && isMain(figure, card));
  return accuracies.find(({ split }) => !card.training.chosenOn.includes(split)) ?? accuracies[0];
}

const recallPrefix = 'recall of ';

/** The label whose recall a figure is. */
export function recalledLabel({ metric }: Figure): string | undefined {
  return metric.startsWith(recallPrefix) ? metric.slice(recallPrefix.length) : undefined;
}

/** Figures of the whole, then those of single expressions; of an output beside the main one, its name too. */
export function orderedFigures(card: ModelCard): { readonly whole: readonly (Figure & { readonly beside?: string })[]; readonly recalls: readonly Figure[] } {
  const whole = card.figures.filter((figure) => recalledLabel(figure) === undefined);
  return {
    whole: whole.map((figure) => (isMain(figure, card) ? figure : { ...figure, beside: figure.head! })),
    recalls: card.figures.filter((figure) => recalledLabel(figure) !== undefined && isMain(figure, card)),
  };
}
