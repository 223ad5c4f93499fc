/** The figures of one model on one split. */
import { type ModelCard, readCard, UserError } from '@mien/runtime';
import { riskCoverage, type RiskCoverage } from './abstention.ts';
import { calibration, type Calibration, probabilities } from './calibration.ts';
import { argmax, computeMetrics, type Metrics, negativeLogLikelihood, topAccuracy } from './metrics.ts';
import { type CardHead, headsOfCard, votesHead } from './card-heads.ts';
import { chooseHead, type PredictOptions, predictHeads } from './predict-split.ts';
import { checkVoted, refuseUnlabelled } from './seen-rows.ts';
import { type VoteAgreement, voteAgreement } from './vote-agreement.ts';
import { majorityTruth } from './votes.ts';

export interface EvaluateOptions extends PredictOptions {
  /** `labels`: the labels of the data. `ferplus`: the majority of its votes, on the model's head for votes. */
  readonly target?: 'labels' | 'ferplus';
  /** Also compares the head for votes, where the model has one and the data has votes, with the votes of every row. */
  readonly withVotes?: boolean;
}

export interface Evaluation extends Metrics {
  /** Mean negative log likelihood of the true class, at the card's temperature. */
  readonly nll: number;
  /** Share of rows whose true class is among the two likeliest. */
  readonly top2: number;
  /** Expected calibration error over 15 bins, at the card's temperature. */
  readonly ece: number;
  readonly reliability: Calibration['bins'];
  readonly riskCoverage: RiskCoverage;
  readonly split: string;
  /** Which rows count, and what their truth is. */
  readonly protocol: string;
  readonly temperature: number;
  /** Name of the model's head that was measured, and against what. */
  readonly head: string;
  readonly target: 'labels' | 'ferplus';
  /** With `withVotes`: the head for votes against the votes of all rows, those without a majority too. */
  readonly votes?: VoteAgreement;
  /** Row numbers within the split of the rows that count; the arrays below are in their order. */
  readonly rows: Uint32Array;
  readonly predicted: Uint8Array;
  readonly truth: Uint8Array;
  readonly logits: Float32Array;
}

interface Truth {
  readonly truth: Uint8Array;
  /** Rows within the split that have one. */
  readonly rows: Uint32Array;
  readonly protocol: string;
}

const everyRow = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i);

async function truthOf({ target, split, rows }: EvaluateOptions, head: CardHead): Promise<Truth> {
  if (target === 'ferplus') {
    if (rows) throw new RangeError('evaluateSplit: votes choose the rows themselves');
    return majorityTruth(split, head.labels);
  }
  if (!rows) refuseUnlabelled(split);
  const chosen = rows ? Uint32Array.from(rows) : everyRow(split.count);
  return { rows: chosen, truth: Uint8Array.from(chosen, (row) => split.labels[row]!), protocol: 'labels of the data, every row' };
}

/** The head that is evaluated. Throws `UserError` `no-head`, or `label-mismatch` where none tells apart the labels of the data. */
export function measuredHead(card: ModelCard, options: Pick<EvaluateOptions, 'target' | 'file' | 'head' | 'split'>): CardHead {
  if (options.target !== 'ferplus') return chooseHead(card, options);
  const head = headsOfCard(card).find(({ name }) => name === votesHead);
  if (!head)
    throw new UserError('no-head', `${options.file}: the model has no output for votes; train one with a head for them, or evaluate with --target labels`);
  return head;
}

/** [N,K] → the chosen rows of it. */
export function pickRows(logits: Float32Array, rows: Uint32Array, classes: number): Float32Array {
  const picked = new Float32Array(rows.length * classes);
  for (const [i, row] of rows.entries()) picked.set(logits.subarray(row * classes, (row + 1) * classes), i * classes);
  return picked;
}

/** Logits [N,K] of the rows with a truth, and the agreement of the head for votes with the votes of all rows, where asked for. */
async function predict(options: EvaluateOptions, head: CardHead, rows: Uint32Array): Promise<{ logits: Float32Array; votes?: VoteAgreement }> {
  const { split } = options;
  const votes =
    options.withVotes && split.voteNames && !options.rows
      ? headsOfCard(readCard(options.model, options.file)).find(({ name }) => name === votesHead)
      : undefined;
  if (!votes) return { logits: (await predictHeads({ ...options, rows }, [head]))[0]! };
  const heads = votes.name === head.name ? [head] : [head, votes];
  const predicted = await predictHeads(options, heads);
  const agreement = await voteAgreement(split, everyRow(split.count), probabilities(predicted.at(-1)!, votes.labels.length, votes.temperature), votes.labels);
  return { logits: pickRows(predicted[0]!, rows, head.labels.length), ...(agreement ? { votes: agreement } : {}) };
}

/**
 * Evaluates every row that has a truth; none is dropped in silence: `protocol` says which count. Throws `UserError` where no row
 * counts or, of a whole split, where all have the same truth.
 */
export async function evaluateSplit(options: EvaluateOptions): Promise<Evaluation> {
  const head = measuredHead(readCard(options.model, options.file), options);
  const { labels, temperature } = head;
  const { truth, rows, protocol } = await truthOf(options, head);
  if (options.target === 'ferplus') checkVoted(truth, labels, options.split, protocol);
  const { logits, votes } = await predict(options, head, rows);
  const K = labels.length;
  const scaled = temperature === 1 ? logits : logits.map((z) => z / temperature);
  const p = probabilities(scaled, K);
  const predicted = Uint8Array.from(truth, (_, i) => argmax(logits, i * K, K));
  const { ece, bins } = calibration(p, truth, K);
  return {
    ...computeMetrics(truth, predicted, labels),
    nll: negativeLogLikelihood(scaled, truth, K),
    top2: topAccuracy(logits, truth, K, 2),
    ece,
    reliability: bins,
    riskCoverage: riskCoverage(p, truth, K),
    split: options.split.name,
    protocol: options.flip ? `${protocol}; mean logits of image and mirror image` : protocol,
    temperature,
    head: head.name,
    target: options.target ?? 'labels',
    ...(votes ? { votes } : {}),
    rows,
    predicted,
    truth,
    logits,
  };
}
