/** Measuring the model a verb is about to write, so that its card can carry the figures. */
import { createSession } from '@mien/onnx/node';
import { openStore, type Store } from '@mien/data';
import {
  cardFigures,
  type CardFigure,
  type CardTemperature,
  caveatsOf,
  checkSplit,
  type Evaluation,
  evaluateSplit,
  fitAbstention,
  fitCardTemperature,
  headsOfCard,
  isOf,
  orWhyNot,
  pickRows,
  refuseSeen,
  seenRows,
  targetsOf,
  usedRows,
} from '@mien/evaluation';
import { type ModelCard, readCard, UserError } from '@mien/runtime';
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
  /** What makes the figures look better than they are. */
  readonly caveats: readonly string[];
}

interface MeasureOptions {
  readonly model: Uint8Array;
  /** For messages. */
  readonly file: string;
  readonly rows: NamedRows;
  readonly threads?: number | undefined;
}

interface OpenRows {
  readonly options: Omit<Parameters<typeof evaluateSplit>[0], 'target'>;
  readonly store: Store;
}

/** Opens the store and its split, shows progress, and closes the store again. */
async function onRows<T>({ model, file, rows, threads }: MeasureOptions, what: string, run: (open: OpenRows) => Promise<T>): Promise<T> {
  const store = await openStore(rows.dir);
  const progress = new Progress();
  try {
    const split = await store.split(rows.split);
    if (split.count === 0) checkSplit(split);
    const onProgress = (done: number, total: number): void => progress.count(what, done, total);
    return await run({ options: { model, file, createSession, split, onProgress, ...(threads ? { threads } : {}) }, store });
  } finally {
    progress.end();
    await store.close();
  }
}

/** A model's outputs on one split, the main one first: by labels where they tell those apart, else by the majority of the votes. */
export async function measureModel(options: MeasureOptions, what = 'measuring'): Promise<[Measurement, ...Measurement[]]> {
  const card = readCard(options.model, options.file);
  return onRows(options, what, async ({ options: each, store }) => {
    const measured: Measurement[] = [];
    for (const target of targetsOf(card, each.split)) {
      if (target === 'labels') checkSplit(each.split);
      const evaluate = (): Promise<Evaluation> => evaluateSplit({ ...each, target });
      const evaluation = measured.length === 0 ? await evaluate() : await orWhyNot(evaluate);
      if (typeof evaluation === 'string') {
        note(`another output is not measured: ${evaluation}`);
        continue;
      }
      const head = headsOfCard(card).find(({ name }) => name === evaluation.head)!;
      measured.push({ evaluation, dataset: store.manifest.name, caveats: await caveatsOf(card, head, store, each.split) });
    }
    return measured as [Measurement, ...Measurement[]];
  });
}

/** Fits the temperatures of a model's outputs. Throws `UserError` `same-rows` as `fitCardTemperature` does, and `trained-on`. */
export async function fitTemperatureOn(
  options: MeasureOptions & { sameRows: boolean; share?: number | undefined },
): Promise<CardTemperature & { dataset: string }> {
  const { model, file, sameRows, share } = options;
  return onRows(options, 'fitting the temperature', async ({ options: each, store }) => {
    if (each.split.locked)
      throw new UserError(
        'locked-split',
        `split ${each.split.name} is a locked test split and must not be fitted on; name another one with --temperature-split`,
      );
    // A model is surer of rows it learnt than of any others: a temperature fitted there would say nothing of new faces.
    refuseSeen(await seenRows(readCard(model, file), store, each.split), each.split, file, 'name rows it was not trained on');
    const { name: dataset, sources } = store.manifest;
    return { ...(await fitCardTemperature({ ...each, dataset, sources, sameRows, ...(share === undefined ? {} : { share }) })), dataset };
  });
}

export interface CardThreshold {
  readonly card: ModelCard;
  readonly threshold: number;
  readonly coverage: number;
  readonly n: number;
  /** What makes the threshold let more mistakes through on new faces. */
  readonly caveats: readonly string[];
}

/**
 * The confidence below which the main output should say "not sure", for at most this share of wrong answers on the rows its temperature was
 * fitted on, written to the card. Throws `UserError` `no-threshold`.
 */
export async function findThresholdOn(options: MeasureOptions & { risk: number }): Promise<CardThreshold> {
  const { model, file, risk } = options;
  return onRows(options, 'finding the threshold', async ({ options: each, store }) => {
    const card = readCard(model, file);
    const [main] = headsOfCard(card);
    const { logits, truth, rows, temperature } = await evaluateSplit({ ...each, target: targetsOf(card, each.split)[0] });
    const { fitted } = await usedRows(card, main, store, each.split);
    const wanted = new Set(fitted);
    const places = Uint32Array.from(rows.keys()).filter((i) => wanted.has(rows[i]!));
    const fit = { logits: pickRows(logits, places, main.labels.length), truth: Uint8Array.from(places, (i) => truth[i]!), on: each.split.name };
    const { threshold, judged } = fitAbstention({ risk, classes: main.labels.length, temperature, fit, judge: fit });
    const caveats = await caveatsOf(card, { ...main, fittedOn: [] }, store, each.split);
    return { card: { ...card, abstain: { threshold } }, threshold, coverage: judged.coverage, n: places.length, caveats };
  });
}

export const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;

/** The card with these figures in place of those of the same output and rows; they come first. What flatters them is noted, with `notes` by metric. */
export function withMeasured(card: ModelCard, { evaluation, dataset, caveats }: Measurement, notes: { accuracy?: string; macroF1?: string } = {}): ModelCard {
  const all = caveats.join('; ');
  const measured: CardFigure[] = cardFigures(evaluation, dataset, { ...notes, ...(all ? { all } : {}), details: true });
  const main = headsOfCard(card)[0].name;
  const isSame = (figure: CardFigure): boolean => isOf(figure, dataset, evaluation.split) && (figure.head ?? main) === evaluation.head;
  return { ...card, figures: [...measured, ...card.figures.filter((figure) => !isSame(figure))] };
}

/** One line of figures. */
export function describeFigures({ accuracy, macroF1, nll }: Evaluation): string {
  return `accuracy ${percent(accuracy)}, macro-F1 ${macroF1.toFixed(4)}, negative log likelihood ${nll.toFixed(4)}`;
}

/** Says what was measured, on which rows. */
export function tellRows({ evaluation: { split, n, protocol, head }, dataset, caveats }: Measurement): void {
  note(`${head} on ${dataset} ${split}, n ${n} (${[protocol, ...caveats].join('; ')}):`);
}
