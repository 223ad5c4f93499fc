/** The figures of one model on one split. */
import { readCard, UserError } from '@mien/runtime';
import { riskCoverage, type RiskCoverage } from './abstention.ts';
import { calibration, type Calibration, probabilities } from './calibration.ts';
import { argmax, computeMetrics, type Metrics, negativeLogLikelihood, topAccuracy } from './metrics.ts';
import { headsOfCard, votesHead } from './card-heads.ts';
import { chooseHead, type PredictOptions, predictSplit } from './predict-split.ts';
import { refuseUnlabelled } from './seen-rows.ts';
import { majorityTruth } from './votes.ts';

export interface EvaluateOptions extends PredictOptions {
  /** `labels`: the labels of the data. `ferplus`: the majority of its votes, on the model's head for votes. */
  readonly target?: 'labels' | 'ferplus';
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
  /** Row numbers within the split of the rows that count; the arrays below are in their order. */
  readonly rows: Uint32Array;
  readonly predicted: Uint8Array;
  readonly truth: Uint8Array;
  readonly logits: Float32Array;
}

interface Truth {
  readonly options: PredictOptions;
  readonly truth: Uint8Array;
  readonly protocol: string;
  readonly temperature: number;
}

/** FER+'s majority votes, on the model's head for votes. */
async function votedTruth(options: EvaluateOptions): Promise<Truth> {
  const { split, file, rows } = options;
  if (rows) throw new RangeError('evaluateSplit: votes choose the rows themselves');
  const head = headsOfCard(readCard(options.model, file)).find(({ name }) => name === votesHead);
  if (!head) throw new UserError('no-head', `${file}: the model has no output for votes; train one with a head for them, or evaluate with --target labels`);
  const { rows: chosen, truth, protocol } = await majorityTruth(split, head.labels);
  return { options: { ...options, head: votesHead, rows: chosen }, truth, protocol, temperature: head.temperature };
}

function labelTruth(options: EvaluateOptions): Truth {
  const { split, rows } = options;
  if (!rows) refuseUnlabelled(split);
  return {
    options,
    truth: Uint8Array.from({ length: rows?.length ?? split.count }, (_, i) => split.labels[rows ? rows[i]! : i]!),
    protocol: 'labels of the data, every row',
    temperature: chooseHead(readCard(options.model, options.file), options).temperature,
  };
}

/** Evaluates every chosen row; none is dropped in silence: `protocol` says which count. */
export async function evaluateSplit(options: EvaluateOptions): Promise<Evaluation> {
  const { truth, protocol, temperature, options: chosen } = options.target === 'ferplus' ? await votedTruth(options) : labelTruth(options);
  const { logits, labels } = await predictSplit(chosen);
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
    rows: Uint32Array.from(truth, (_, i) => chosen.rows?.[i] ?? i),
    predicted,
    truth,
    logits,
  };
}
