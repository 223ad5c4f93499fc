/** Everything `mien eval` was asked to measure, as one report. */
import { createSession } from '@mien/onnx/node';
import { openStore, type Split, type Store } from '@mien/data';
import {
  type AbstainResult,
  caveatsOf,
  checkSplit,
  comparePaired,
  compareGroups,
  type EvaluateOptions,
  type Evaluation,
  evaluateSplit,
  fitAbstention,
  halves,
  measuredHead,
  measureRobustness,
  modelFigures,
  type ModelFigures,
  overlapFigures,
  probabilities,
  readGroups,
  refuseSeen,
  type Report,
  sampleRows,
  seenRows,
  usedRows,
  voteAgreement,
  votesHead,
  worstMistakes,
} from '@mien/evaluation';
import { type ModelCard, readCard, refuseLandmarkUse, UserError } from '@mien/runtime';
import { defaultModelName, findModel, readModelFile } from '../find-model.ts';
import { Progress } from '../output.ts';

export interface EvalRequest {
  readonly model: string | undefined;
  readonly data: string;
  readonly split: string;
  readonly target: 'labels' | 'ferplus';
  readonly flip: boolean;
  readonly threads: number | undefined;
  readonly seed: number;
  /** Evaluates rows the model was trained on too, and marks the result. */
  readonly force: boolean;
  readonly compare: string | undefined;
  readonly groups: string | undefined;
  /** Rows to measure robustness on. */
  readonly robustness: number | undefined;
  readonly abstainRisk: number | undefined;
  readonly fitSplit: string | undefined;
  /** The split whose pixels are looked for; default: the one the model was trained on, where the store has it. */
  readonly overlap: string | undefined;
  /** Mistakes of each label to show; 0 reads no picture. */
  readonly mistakes: number;
}

/** A model and where it came from. */
interface Candidate {
  /** As the user named it. */
  readonly name: string;
  readonly file: string;
  readonly model: Uint8Array;
  readonly card: ModelCard;
}

function open(name: string = defaultModelName): Candidate {
  const file = findModel(name);
  const model = readModelFile(file);
  return { name, file, model, card: readCard(model, file) };
}

interface UsedRows {
  readonly warnings: readonly string[];
  /** Rows of the split that the model was trained on. */
  readonly seen: Uint32Array;
  /** Rows its temperature was fitted on. */
  readonly fitted: Uint32Array;
}

class Measurer {
  readonly #request: EvalRequest;
  readonly #store: Store;
  readonly #split: Split;
  readonly #progress = new Progress();

  constructor(request: EvalRequest, store: Store, split: Split) {
    this.#request = request;
    this.#store = store;
    this.#split = split;
  }

  #options({ file, model }: Candidate, split: Split, what: string): EvaluateOptions {
    const { target, flip, threads } = this.#request;
    return {
      model,
      file,
      createSession,
      split,
      target,
      ...(flip ? { flip: true } : {}),
      ...(threads ? { threads } : {}),
      onProgress: (done, total) => this.#progress.count(what, done, total),
    };
  }

  async figures(candidate: Candidate, { fitted }: UsedRows): Promise<ModelFigures> {
    const { name, file: model } = candidate;
    const evaluation = await evaluateSplit({ ...this.#options(candidate, this.#split, `evaluating ${name}`), withVotes: true });
    return modelFigures({ name, model, evaluation, fitted, seed: this.#request.seed });
  }

  /** What the model's card says of these rows, and warnings of what makes its figures look better than they are. */
  async usedRows(candidate: Candidate): Promise<UsedRows> {
    const { card, file, name: of } = candidate;
    const split = this.#split;
    const { count, image } = split;
    const seen = await seenRows(card, this.#store, split);
    if (!this.#request.force) refuseSeen(seen, split, file);
    const { chosen, fitted } = await usedRows(card, measuredHead(card, { file, split, target: this.#request.target }), this.#store, split);
    const [, height, width] = card.preprocessing.input.shape;
    const which = (rows: Uint32Array): string => (rows.length === count ? 'these rows' : `${rows.length} of these ${count} rows`);
    const warnings: string[] = [];
    if (seen.rows.length > 0)
      warnings.push(
        `${of} was trained on ${seen.rows.length} of these ${count} rows (${seen.trainedOn}): the figures say how well it learnt them by heart, not how well it does on new faces.`,
      );
    else if (chosen.length > 0) warnings.push(`${of}: its epoch was chosen on ${which(chosen)}; its figures flatter it a little.`);
    if (fitted.length > 0) warnings.push(`${of}: its temperature was fitted on ${which(fitted)}; calibration error and likelihood of those flatter it.`);
    if (image.height < height || image.width < width)
      warnings.push(
        `The images of the data are ${image.height}×${image.width}, smaller than the ${height}×${width} ${of} takes: they are enlarged, and details it may look for are not there.`,
      );
    return { warnings, seen: seen.rows, fitted };
  }

  async compare(first: ModelFigures, other: Candidate, used: UsedRows): Promise<NonNullable<Report['comparison']>> {
    const second = await this.figures(other, used);
    const { truth, predicted } = first.evaluation;
    const paired = comparePaired(truth, predicted, second.evaluation.predicted, this.#request.seed);
    return { ...second, paired, ...trainedOn(used, second.evaluation) };
  }

  async abstain(candidate: Candidate, evaluation: Evaluation, risk: number): Promise<AbstainResult> {
    const { fitSplit, seed } = this.#request;
    const classes = evaluation.labels.length;
    const { temperature, split: name } = evaluation;
    if (fitSplit === undefined) {
      const subjects = (await this.#split.readSubjects())?.subject;
      const [fit, judge] = halves(evaluation, classes, seed, subjects && Uint32Array.from(evaluation.rows, (row) => subjects[row]!));
      return fitAbstention({
        risk,
        classes,
        temperature,
        fit: { ...fit, on: `one half of ${name}, drawn with seed ${seed}` },
        judge: { ...judge, on: `the other half of ${name}` },
      });
    }
    const split = await this.#store.split(fitSplit);
    const fit = await evaluateSplit(this.#options(candidate, split, `evaluating ${fitSplit}`));
    return fitAbstention({ risk, classes, temperature, fit: { ...fit, on: `split ${fitSplit}` }, judge: { ...evaluation, on: `split ${name}` } });
  }

  /** A model is surer of rows it learnt or was chosen on, and right more often: a threshold found there lets too many mistakes through. */
  async fitWarnings({ name, card, file }: Candidate, fitSplit: string): Promise<string[]> {
    const split = await this.#store.split(fitSplit);
    const caveats = await caveatsOf(card, measuredHead(card, { file, split, target: this.#request.target }), this.#store, split);
    return caveats.length > 0
      ? [`The threshold for ${name} was found on split ${fitSplit} (${caveats.join('; ')}): expect more wrong answers than wished for.`]
      : [];
  }

  async robustness(candidate: Candidate, { rows, truth }: Evaluation, most: number): Promise<Report['robustness'] & object> {
    const { seed, target } = this.#request;
    const picked = sampleRows(rows.length, most, seed);
    return measureRobustness({
      ...this.#options(candidate, this.#split, 'robustness'),
      ...(target === 'ferplus' ? { head: votesHead } : {}),
      rows: picked.map((i) => rows[i]!),
      truth: Uint8Array.from(picked, (i) => truth[i]!),
      seed,
    });
  }

  /** The split whose pixels are looked for: the one asked for, or the one the model was trained on, if this is its store and another one is evaluated. */
  overlapSplit({ training }: ModelCard): string | undefined {
    const { overlap } = this.#request;
    if (overlap !== undefined) return overlap;
    if (!training.data.split(' + ').includes(this.#store.manifest.name)) return undefined;
    const trained = training.split.split(' + ');
    return this.#store.splitNames.find((name) => trained.includes(name) && name !== this.#split.name);
  }

  end(): void {
    this.#progress.end();
  }
}

/** How many of the rows that the figures are of the model was trained on. */
function trainedOn({ seen }: UsedRows, { rows }: Evaluation): { trainedOnRows?: number } {
  const known = new Set(seen);
  const count = rows.reduce((sum, row) => sum + Number(known.has(row)), 0);
  return count > 0 ? { trainedOnRows: count } : {};
}

/** Refuses what cannot be measured before anything long is begun. */
async function checkRequest(request: EvalRequest, store: Store, split: Split, models: readonly Candidate[]): Promise<void> {
  const { target, fitSplit, overlap, abstainRisk } = request;
  if (target === 'labels') checkSplit(split);
  else if (split.count === 0) checkSplit(split);
  if (fitSplit === split.name)
    throw new UserError(
      'bad-option',
      `--fit-split ${fitSplit}: the threshold must be found on other rows than it is judged on; leave it out to use halves of ${split.name}`,
    );
  if (fitSplit !== undefined && abstainRisk !== undefined) {
    const other = await store.split(fitSplit);
    if (other.locked) throw new UserError('locked-split', `--fit-split ${fitSplit}: a locked test split must not be fitted on; name another one`);
    if (target === 'labels') checkSplit(other);
  } else if (abstainRisk !== undefined && split.locked) {
    throw new UserError(
      'locked-split',
      `--abstain-risk: the threshold would be found on half of the locked test split ${split.name}; name other rows to find it on with --fit-split`,
    );
  }
  if (request.robustness !== undefined) refuseLandmarkUse(models[0]!.card, models[0]!.file, 'an evaluation on changed images');
  if (overlap === split.name)
    throw new UserError('bad-option', `--overlap ${overlap}: every row of a split has its own pixels; name another split to look for them in`);
  if (overlap !== undefined) await store.split(overlap);
  const [first, second] = models.map(({ card, file }) => ({ file, labels: measuredHead(card, { file, split, target }).labels.join(', ') }));
  if (first && second && first.labels !== second.labels)
    throw new UserError(
      'label-mismatch',
      `${second.file} tells apart ${second.labels}, ${first.file} ${first.labels}; only models of the same labels can be compared`,
    );
}

/** A report is worth more than one threshold in it: that there is none is a finding. */
async function orNone<T>(finding: Promise<T>, warnings: string[]): Promise<T | undefined> {
  try {
    return await finding;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'no-threshold') throw error;
    warnings.push(`${error.message}.`);
    return undefined;
  }
}

/** Throws `UserError` for splits, models and options that cannot be measured, before anything long is begun. */
export async function buildReport(request: EvalRequest): Promise<Report> {
  const first = open(request.model);
  const other = request.compare === undefined ? undefined : open(request.compare);
  const store = await openStore(request.data);
  let measurer: Measurer | undefined;
  try {
    const split = await store.split(request.split);
    await checkRequest(request, store, split, other ? [first, other] : [first]);
    measurer = new Measurer(request, store, split);
    const groups = request.groups === undefined ? undefined : await readGroups(request.groups, split.count);
    const used = await measurer.usedRows(first);
    const usedByOther = other && (await measurer.usedRows(other));
    const warnings = [...used.warnings, ...(usedByOther?.warnings ?? [])];
    const figures = await measurer.figures(first, used);
    const { evaluation } = figures;
    const { labels, rows, truth, predicted, logits, temperature, head } = evaluation;
    const byGroup = groups && compareGroups({ rows, truth, predicted, labels, groups, seed: request.seed });
    const comparison = other && usedByOther && (await measurer.compare(figures, other, usedByOther));
    const ownVotes = evaluation.votes ? undefined : await voteAgreement(split, rows, probabilities(logits, labels.length, temperature), labels);
    const votes = evaluation.votes ? { ...evaluation.votes, head: votesHead } : ownVotes && { ...ownVotes, head };
    const { abstainRisk, fitSplit } = request;
    const abstain = abstainRisk === undefined ? undefined : await orNone(measurer.abstain(first, evaluation, abstainRisk), warnings);
    if (abstain && fitSplit !== undefined) warnings.push(...(await measurer.fitWarnings(first, fitSplit)));
    const lookedFor = measurer.overlapSplit(first.card);
    const overlap = lookedFor === undefined ? undefined : await overlapFigures(store, evaluation, lookedFor);
    const robustness = request.robustness === undefined ? undefined : await measurer.robustness(first, evaluation, request.robustness);
    return {
      ...figures,
      data: store.manifest.name,
      measured: new Date().toISOString(),
      warnings,
      ...trainedOn(used, evaluation),
      ...(votes ? { votes } : {}),
      ...(abstain ? { abstain } : {}),
      ...(overlap ? { overlap } : {}),
      ...(byGroup ? { groups: byGroup } : {}),
      ...(robustness ? { robustness } : {}),
      ...(comparison ? { comparison } : {}),
      intendedUse: first.card.intendedUse,
      limits: first.card.limits,
      mistakes: request.mistakes > 0 ? await worstMistakes(split, evaluation, request.mistakes) : [],
    };
  } finally {
    measurer?.end();
    await store.close();
  }
}
