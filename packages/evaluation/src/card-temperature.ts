/** The temperatures of a model's outputs, fitted on rows that someone names, and written to its card. */
import { type RowSet, rowSetsOf, type Split, stratifiedHoldout, type StoreSource } from '@mien/data';
import { type ModelCard, readCard, UserError } from '@mien/runtime';
import { fitTemperature } from './calibration.ts';
import { isOf, withNote } from './card-figures.ts';
import { headsOfCard, votesHead } from './card-heads.ts';
import { type EvaluateOptions, type Evaluation, evaluateSplit, pickRows } from './evaluate.ts';
import { negativeLogLikelihood } from './metrics.ts';

export interface FitTemperatureOptions extends Omit<EvaluateOptions, 'target' | 'rows' | 'head' | 'flip'> {
  /** Name of the store, and where its rows came from. */
  readonly dataset: string;
  readonly sources: readonly StoreSource[];
  /** Allows rows that the card has figures of; the card then says so. */
  readonly sameRows?: boolean;
  /** Part of the rows to fit on, of every class alike, drawn with seed 1; the others stay for judging. Default: all of them. */
  readonly share?: number;
}

export interface HeadTemperature {
  readonly head: string;
  readonly temperature: number;
  readonly n: number;
  /** Mean negative log likelihood of the fitted rows. */
  readonly before: number;
  readonly after: number;
}

export interface CardTemperature {
  readonly card: ModelCard;
  /** The main output first. */
  readonly heads: readonly [HeadTemperature, ...HeadTemperature[]];
  /** Why other outputs were not fitted. */
  readonly left: readonly string[];
}

/** Runs for an output beside the main one: without rows for it, why not. */
export async function orWhyNot<T>(run: () => Promise<T>): Promise<T | string> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UserError && ['no-votes', 'one-class', 'empty-split', 'no-labels'].includes(error.code)) return error.message;
    throw error;
  }
}

const fittedHere = 'the temperature was fitted on these rows';
const partFittedHere = 'the temperature was fitted on a part of these rows';

export type Target = 'labels' | 'ferplus';

/** The rows and truth the main output of a model is measured on: the votes where it learnt those, else the labels. */
export function mainTarget(card: ModelCard): Target {
  return headsOfCard(card)[0].name === votesHead ? 'ferplus' : 'labels';
}

/**
 * What a model can be measured against on this split, one a head; that of the main output first. Throws `UserError` `label-mismatch` where the
 * main output tells apart other labels than the split has: another output must not be measured or fitted in its place.
 */
export function targetsOf(card: ModelCard, { labelNames, voteNames }: Pick<Split, 'labelNames' | 'voteNames'>): [Target, ...Target[]] {
  const main = mainTarget(card);
  if (main === 'labels' && card.labels.join() !== labelNames.join())
    throw new UserError('label-mismatch', `${card.name}: the model tells apart ${card.labels.join(', ')}; the data is labelled ${labelNames.join(', ')}`);
  const heads = headsOfCard(card).slice(1);
  const others = heads.flatMap((head): Target[] => {
    if (head.name === votesHead) return voteNames ? ['ferplus'] : [];
    return head.labels.join() === labelNames.join() ? ['labels'] : [];
  });
  return [main, ...others.filter((target) => target !== main)];
}

/**
 * Fits each head by negative log likelihood, the main one against the labels or the votes it tells apart; a head for votes beside it keeps its own. Throws `UserError` `same-rows` where the card
 * has figures of the very split, unless told that this is meant or only a share is fitted on: what is fitted on rows says too much of them.
 */
export async function fitCardTemperature(options: FitTemperatureOptions): Promise<CardTemperature> {
  const { model, file, split, dataset, sources, sameRows = false, share = 1 } = options;
  let card = readCard(model, file);
  const claimed = card.figures.some((figure) => isOf(figure, dataset, split.name));
  if (claimed && !sameRows && share === 1) {
    throw new UserError(
      'same-rows',
      `${file}: its card has figures of ${dataset} ${split.name}, the rows the temperature is to be fitted on; name other rows, fit on a part with --temperature-share 0.5, or say that this is meant with --same-rows, which the card will tell`,
    );
  }
  const subjects = share === 1 ? undefined : (await split.readSubjects())?.subject;
  const part = share === 1 ? undefined : new Set(stratifiedHoldout(split.labels, share, 1, subjects).heldOut);
  const heads: HeadTemperature[] = [];
  const left: string[] = [];
  for (const target of targetsOf(card, split)) {
    if (target === 'ferplus' && heads.length > 0) {
      // Majorities leave out the rows people disagree on: fitted on them, it would be far too sure of the others.
      left.push(`${votesHead} gives the distribution of the votes as it learnt it`);
      continue;
    }
    const evaluate = (): Promise<Evaluation> => evaluateSplit({ ...options, target });
    const evaluation = heads.length === 0 ? await evaluate() : await orWhyNot(evaluate);
    if (typeof evaluation === 'string') {
      left.push(evaluation);
      continue;
    }
    const places = Uint32Array.from(evaluation.rows.keys()).filter((i) => part?.has(evaluation.rows[i]!) ?? true);
    const fit = fitOn(evaluation, places, file);
    const fittedOn = await rowSetsOf(
      split,
      places.map((i) => evaluation.rows[i]!),
      sources,
    );
    card = withTemperature(card, fit, { dataset, split: split.name, fittedOn, part: share });
    heads.push(fit);
  }
  const note = share === 1 ? fittedHere : partFittedHere;
  card = { ...card, figures: card.figures.flatMap((figure) => (isOf(figure, dataset, split.name) ? withNote([figure], note) : [figure])) };
  return { card, heads: heads as [HeadTemperature, ...HeadTemperature[]], left };
}

/** The temperature of these places of an evaluation. */
function fitOn({ head, labels, logits, truth, temperature: was }: Evaluation, places: Uint32Array, file: string): HeadTemperature {
  const K = labels.length;
  if (places.length === 0) throw new UserError('empty-split', `${file}: there is no row to fit the temperature of ${head} on; name others`);
  const own = pickRows(logits, places, K);
  const answers = places.map((i) => truth[i]!);
  const temperature = fitTemperature(own, answers, K);
  const loss = (T: number): number =>
    negativeLogLikelihood(
      own.map((z) => z / T),
      answers,
      K,
    );
  return { head, temperature, n: places.length, before: loss(was), after: loss(temperature) };
}

/** What was found at another temperature goes: the head's calibration errors, and of the main head the threshold for "not sure". */
function withTemperature(
  before: ModelCard,
  { head, temperature, n }: HeadTemperature,
  { dataset, split, fittedOn, part }: { dataset: string; split: string; fittedOn: RowSet[]; part: number },
): ModelCard {
  const [main, ...others] = headsOfCard(before);
  const figures = before.figures.filter((figure) => figure.metric !== 'ece' || (figure.head ?? main.name) !== head);
  const { abstain: _, ...withoutAbstain } = before;
  const card: ModelCard = { ...(head === main.name ? withoutAbstain : before), figures };
  const cooled = <T extends { output: ModelCard['output'] }>(of: T): T => ({ ...of, output: { ...of.output, temperature, fittedOn } });
  if (head !== main.name) {
    const otherHeads = card.otherHeads!.map((other, i) => (others[i]!.name === head ? cooled(other) : other));
    return { ...card, otherHeads };
  }
  const note = `temperature ${temperature.toFixed(3)} fitted on ${part === 1 ? '' : `${100 * part} % of `}${dataset} ${split}, n ${n}`;
  const chosenOn = card.training.chosenOn.split('; ').filter((each) => !each.startsWith('temperature '));
  return { ...cooled(card), training: { ...card.training, chosenOn: [...chosenOn, note].filter(Boolean).join('; ') } };
}
