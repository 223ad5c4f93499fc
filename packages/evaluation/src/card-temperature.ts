/** The temperature of a model's main output, fitted on rows that someone names, and written to its card. */
import { type ModelCard, readCard, UserError } from '@mien/runtime';
import { fitTemperature } from './calibration.ts';
import { isOf, withNote } from './card-figures.ts';
import { headsOfCard } from './card-heads.ts';
import { type EvaluateOptions, type Evaluation, evaluateSplit } from './evaluate.ts';
import { negativeLogLikelihood } from './metrics.ts';

export interface FitTemperatureOptions extends Omit<EvaluateOptions, 'target' | 'rows' | 'head' | 'flip'> {
  /** Name of the store. */
  readonly dataset: string;
  /** Allows rows that the card has figures of; the card then says so. */
  readonly sameRows?: boolean;
}

export interface CardTemperature {
  readonly card: ModelCard;
  readonly temperature: number;
  readonly n: number;
  /** Mean negative log likelihood of the fitted rows. */
  readonly before: number;
  readonly after: number;
}

const fittedHere = 'the temperature was fitted on these rows';

/** The rows and truth the main output of a model is measured on: the labels where it tells those apart, else the votes. */
export function mainTarget(card: ModelCard, labelNames: readonly string[]): 'labels' | 'ferplus' {
  return card.labels.join() === labelNames.join() ? 'labels' : 'ferplus';
}

/**
 * Fits by negative log likelihood. Throws `UserError` `same-rows` where the card has figures of the very split, unless
 * told that this is meant: what is fitted on rows says too much of them.
 */
export async function fitCardTemperature(options: FitTemperatureOptions): Promise<CardTemperature> {
  const { model, file, split, dataset, sameRows = false } = options;
  const card = readCard(model, file);
  const claimed = card.figures.some((figure) => isOf(figure, dataset, split.name));
  if (claimed && !sameRows) {
    throw new UserError(
      'same-rows',
      `${file}: its card has figures of ${dataset} ${split.name}, the rows the temperature is to be fitted on; name other rows, or say that this is meant with --same-rows, which the card will tell`,
    );
  }
  const evaluation = await evaluateSplit({ ...options, target: mainTarget(card, split.labelNames) });
  const [main] = headsOfCard(card);
  const temperature = fitTemperature(evaluation.logits, evaluation.truth, main.labels.length);
  const fitted = withTemperature(card, temperature, evaluation, dataset);
  const cooled = evaluation.logits.map((z) => z / temperature);
  return { card: fitted, temperature, n: evaluation.n, before: evaluation.nll, after: negativeLogLikelihood(cooled, evaluation.truth, main.labels.length) };
}

function withTemperature(card: ModelCard, temperature: number, { split, n }: Evaluation, dataset: string): ModelCard {
  const note = `temperature ${temperature.toFixed(3)} fitted on ${dataset} ${split}, n ${n}`;
  const chosenOn = card.training.chosenOn.split('; ').filter((part) => !part.startsWith('temperature '));
  return {
    ...card,
    output: { ...card.output, temperature },
    training: { ...card.training, chosenOn: [...chosenOn, note].filter(Boolean).join('; ') },
    figures: card.figures.flatMap((figure) => (isOf(figure, dataset, split) ? withNote([figure], fittedHere) : [figure])),
  };
}
