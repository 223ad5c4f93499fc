/** Measuring the model a verb is about to write, so that its card can carry the figures. */
import { createSession } from '@mien/onnx/node';
import { openStore } from '@mien/data';
import {
  cardFigures,
  type CardFigure,
  type CardTemperature,
  caveatOf,
  type Evaluation,
  evaluateSplit,
  fitCardTemperature,
  isOf,
  mainTarget,
} from '@mien/evaluation';
import { type ModelCard, readCard } from '@mien/runtime';
import { note, Progress } from './output.ts';

/** Rows named on the command line. */
export interface NamedRows {
  /** Directory of a store. */
  readonly dir: string;
  readonly split: string;
}

export interface Measurement {
  readonly evaluation: Evaluation;
  /** Name of the store. */
  readonly dataset: string;
}

interface MeasureOptions {
  readonly model: Uint8Array;
  /** For messages. */
  readonly file: string;
  readonly rows: NamedRows;
  readonly threads?: number | undefined;
}

/** Opens the store and its split, shows progress, and closes the store again. */
async function onRows<T>(
  { model, file, rows, threads }: MeasureOptions,
  what: string,
  run: (options: Omit<Parameters<typeof evaluateSplit>[0], 'target'>, dataset: string) => Promise<T>,
): Promise<T> {
  const store = await openStore(rows.dir);
  const progress = new Progress();
  try {
    const split = await store.split(rows.split);
    const onProgress = (done: number, total: number): void => progress.count(what, done, total);
    return await run({ model, file, createSession, split, onProgress, ...(threads ? { threads } : {}) }, store.manifest.name);
  } finally {
    progress.end();
    await store.close();
  }
}

/** A model's main output on one split: by labels where it tells those apart, else by the majority of the votes. */
export async function measureModel(options: MeasureOptions, what = 'measuring'): Promise<Measurement> {
  return onRows(options, what, async (each, dataset) => {
    const target = mainTarget(readCard(options.model, options.file), each.split.labelNames);
    return { evaluation: await evaluateSplit({ ...each, target }), dataset };
  });
}

/** Fits the temperature of a model's main output. Throws `UserError` `same-rows` as `fitCardTemperature` does. */
export async function fitTemperatureOn(options: MeasureOptions & { sameRows: boolean }): Promise<CardTemperature & { dataset: string }> {
  return onRows(options, 'fitting the temperature', async (each, dataset) => {
    return { ...(await fitCardTemperature({ ...each, dataset, sameRows: options.sameRows })), dataset };
  });
}

export const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;

/** The card with these figures in place of those of the same rows; they come first. What flatters them is noted, with `notes` by metric. */
export function withMeasured(
  card: ModelCard,
  { evaluation, dataset }: Measurement,
  notes: { readonly accuracy?: string; readonly macroF1?: string } = {},
  caveat = caveatOf(card, dataset, evaluation.split),
): ModelCard {
  const joined = (text: string | undefined): string => [text, caveat].filter(Boolean).join('; ');
  const measured: CardFigure[] = cardFigures(evaluation, dataset, { accuracy: joined(notes.accuracy), macroF1: joined(notes.macroF1) });
  return { ...card, figures: [...measured, ...card.figures.filter((figure) => !isOf(figure, dataset, evaluation.split))] };
}

/** One line of figures. */
export function describeFigures({ accuracy, macroF1, nll }: Evaluation): string {
  return `accuracy ${percent(accuracy)}, macro-F1 ${macroF1.toFixed(4)}, negative log likelihood ${nll.toFixed(4)}`;
}

/** Says what was measured, on which rows. */
export function tellRows({ evaluation: { split, n, protocol }, dataset }: Measurement): void {
  note(`on ${dataset} ${split}, n ${n} (${protocol}):`);
}
