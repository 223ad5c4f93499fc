/** Everything `mien eval` was asked to measure, as one report. */
import { createSession } from '@mien/onnx/node';
import { openStore, type Split, type Store } from '@mien/data';
import {
  type AbstainResult,
  caveatOf,
  checkSplit,
  comparePaired,
  compareGroups,
  type EvaluateOptions,
  type Evaluation,
  evaluateSplit,
  fitAbstention,
  halves,
  macroF1Interval,
  measureRobustness,
  type ModelFigures,
  overlapFigures,
  probabilities,
  readGroups,
  refuseSeen,
  type Report,
  sampleRows,
  seenRows,
  voteAgreement,
  votesHead,
  worstMistakes,
} from '@mien/evaluation';
import { type ModelCard, readCard, UserError } from '@mien/runtime';
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

  async figures(candidate: Candidate): Promise<ModelFigures> {
    const { seed } = this.#request;
    const evaluation = await evaluateSplit(this.#options(candidate, this.#split, `evaluating ${candidate.name}`));
    return {
      name: candidate.name,
      model: candidate.file,
      evaluation,
      macroF1Interval95: macroF1Interval(evaluation.truth, evaluation.predicted, evaluation.labels, seed),
    };
  }

  /** Warnings of what makes the figures look better than they are. */
  async warnings(candidate: Candidate): Promise<{ readonly warnings: string[]; readonly seen: number }> {
    const seen = await seenRows(candidate.card, this.#store, this.#split);
    if (!this.#request.force) refuseSeen(seen, this.#split, candidate.file);
    const { count, name, image } = this.#split;
    const [, height, width] = candidate.card.preprocessing.input.shape;
    const caveat = seen.rows.length === 0 ? caveatOf(candidate.card, this.#store.manifest.name, name) : undefined;
    const small = image.height < height || image.width < width;
    const warnings = [
      ...(seen.rows.length
        ? [
            `${candidate.name} was trained on ${seen.rows.length} of these ${count} rows (${seen.trainedOn}): the figures say how well it learnt them by heart, not how well it does on new faces.`,
          ]
        : []),
      ...(caveat ? [`${candidate.name}: these are ${caveat}; its figures flatter it a little.`] : []),
      ...(small
        ? [
            `The images of the data are ${image.height}×${image.width}, smaller than the ${height}×${width} ${candidate.name} takes: they are enlarged, and details it may look for are not there.`,
          ]
        : []),
    ];
    return { warnings, seen: seen.rows.length };
  }

  async compare(first: ModelFigures, other: Candidate): Promise<NonNullable<Report['comparison']>> {
    const second = await this.figures(other);
    const [a, b] = [first.evaluation.labels, second.evaluation.labels];
    if (a.join() !== b.join())
      throw new UserError(
        'label-mismatch',
        `${other.file} tells apart ${b.join(', ')}, ${first.model} ${a.join(', ')}; only models of the same labels can be compared`,
      );
    const { truth, predicted } = first.evaluation;
    return { ...second, paired: comparePaired(truth, predicted, second.evaluation.predicted, this.#request.seed) };
  }

  async abstain(candidate: Candidate, evaluation: Evaluation, risk: number): Promise<AbstainResult> {
    const { fitSplit, seed } = this.#request;
    const classes = evaluation.labels.length;
    const { temperature, split: name } = evaluation;
    if (fitSplit === undefined) {
      const [fit, judge] = halves(evaluation, classes, seed);
      return fitAbstention({
        risk,
        classes,
        temperature,
        fit: { ...fit, on: `one half of ${name}, drawn with seed ${seed}` },
        judge: { ...judge, on: `the other half of ${name}` },
      });
    }
    if (fitSplit === name)
      throw new UserError(
        'bad-option',
        `--fit-split ${fitSplit}: the threshold must be found on other rows than it is judged on; leave it out to use halves of ${name}`,
      );
    const split = await this.#store.split(fitSplit);
    checkSplit(split);
    const fit = await evaluateSplit(this.#options(candidate, split, `evaluating ${fitSplit}`));
    return fitAbstention({ risk, classes, temperature, fit: { ...fit, on: `split ${fitSplit}` }, judge: { ...evaluation, on: `split ${name}` } });
  }

  /** A model is surer of rows it learnt, and right more often: a threshold found there lets too many mistakes through. */
  async fitWarnings({ name, card }: Candidate, fitSplit: string): Promise<string[]> {
    const { rows } = await seenRows(card, this.#store, await this.#store.split(fitSplit));
    return rows.length ? [`The threshold was found on split ${fitSplit}, rows ${name} was trained on: expect more wrong answers than wished for.`] : [];
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

  /** The split the model was trained on, if this store has it and another one is evaluated. */
  trainingSplit({ training }: ModelCard): string | undefined {
    const { overlap } = this.#request;
    const trained = training.split.split(' + ');
    const found = overlap ?? this.#store.splitNames.find((name) => trained.includes(name));
    return found === this.#split.name ? undefined : found;
  }

  end(): void {
    this.#progress.end();
  }
}

/** Throws `UserError` for splits, models and options that cannot be measured, before anything long is begun where possible. */
export async function buildReport(request: EvalRequest): Promise<Report> {
  const first = open(request.model);
  const other = request.compare === undefined ? undefined : open(request.compare);
  const store = await openStore(request.data);
  let measurer: Measurer | undefined;
  try {
    const split = await store.split(request.split);
    checkSplit(split);
    measurer = new Measurer(request, store, split);
    const groups = request.groups === undefined ? undefined : await readGroups(request.groups, split.count);
    const { warnings, seen } = await measurer.warnings(first);
    if (other) warnings.push(...(await measurer.warnings(other)).warnings);
    const figures = await measurer.figures(first);
    const { evaluation } = figures;
    const { labels, rows, truth, predicted, logits, temperature } = evaluation;
    if (rows.length === 0) throw new UserError('empty-split', `split ${split.name}: no row counts (${evaluation.protocol}); there is nothing to measure`);
    const comparison = other && (await measurer.compare(figures, other));
    const votes = await voteAgreement(split, rows, probabilities(logits, labels.length, temperature), labels);
    const abstain = request.abstainRisk === undefined ? undefined : await measurer.abstain(first, evaluation, request.abstainRisk);
    if (abstain && request.fitSplit !== undefined) warnings.push(...(await measurer.fitWarnings(first, request.fitSplit)));
    const training = measurer.trainingSplit(first.card);
    const overlap = training === undefined ? undefined : await overlapFigures(store, evaluation, training);
    const robustness = request.robustness === undefined ? undefined : await measurer.robustness(first, evaluation, request.robustness);
    return {
      ...figures,
      data: store.manifest.name,
      measured: new Date().toISOString(),
      warnings,
      ...(seen > 0 ? { trainedOnRows: seen } : {}),
      ...(votes ? { votes } : {}),
      ...(abstain ? { abstain } : {}),
      ...(overlap ? { overlap } : {}),
      ...(groups ? { groups: compareGroups({ rows, truth, predicted, labels, groups, seed: request.seed }) } : {}),
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
