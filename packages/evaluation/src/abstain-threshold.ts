/** The confidence below which a model should say "not sure", found on some rows and judged on others. */
import { stratifiedHoldout } from '@mien/data';
import { UserError } from '@mien/runtime';
import { riskCurve, thresholdForRisk } from './abstention.ts';
import { probabilities } from './calibration.ts';
import { argmax, wilsonInterval } from './metrics.ts';

/** Outputs for some rows and what is true of them: logits [N,K] before the temperature, truth [N]. */
export interface JudgedRows {
  readonly logits: Float32Array;
  readonly truth: Uint8Array;
}

export interface AbstainResult {
  /** Wished for: share of wrong answers among those given. */
  readonly wishedRisk: number;
  /** Highest probability a row needs to be answered. */
  readonly threshold: number;
  /** Rows the threshold was found on, and in words. */
  readonly fitted: { readonly n: number; readonly on: string };
  /** What it does on rows it was not found on. */
  readonly judged: {
    readonly n: number;
    readonly on: string;
    readonly answered: number;
    readonly coverage: number;
    readonly risk: number;
    readonly risk95: readonly [number, number];
  };
}

interface AbstainOptions {
  readonly risk: number;
  readonly classes: number;
  readonly temperature: number;
  readonly fit: JudgedRows & { readonly on: string };
  readonly judge: JudgedRows & { readonly on: string };
}

/** Throws `UserError` where no threshold keeps so few answers wrong. */
export function fitAbstention({ risk, classes, temperature, fit, judge }: AbstainOptions): AbstainResult {
  const curve = riskCurve(probabilities(fit.logits, classes, temperature), fit.truth, classes);
  const point = thresholdForRisk(curve, risk);
  if (!point) {
    throw new UserError(
      'no-threshold',
      `--abstain-risk ${risk}: no confidence of this model keeps the wrong answers to ${100 * risk} % on ${fit.on}; even its surest rows err more often. Allow a higher risk`,
    );
  }
  const p = probabilities(judge.logits, classes, temperature);
  let [answered, wrong] = [0, 0];
  for (const [i, truth] of judge.truth.entries()) {
    const best = argmax(p, i * classes, classes);
    if (p[i * classes + best]! < point.threshold) continue;
    answered++;
    if (best !== truth) wrong++;
  }
  const n = judge.truth.length;
  return {
    wishedRisk: risk,
    threshold: point.threshold,
    fitted: { n: fit.truth.length, on: fit.on },
    judged: { n, on: judge.on, answered, coverage: n ? answered / n : 0, risk: answered ? wrong / answered : 0, risk95: wilsonInterval(wrong, answered) },
  };
}

/** Rows divided by the seed into two halves, every class alike, all faces of a person (`subjects`, 0 for unknown) in one of them. */
export function halves({ logits, truth }: JudgedRows, classes: number, seed: number, subjects?: ArrayLike<number>): [JudgedRows, JudgedRows] {
  const { train, heldOut } = stratifiedHoldout(truth, 0.5, seed, subjects);
  const pick = (rows: Uint32Array): JudgedRows => {
    const picked = new Float32Array(rows.length * classes);
    for (const [i, row] of rows.entries()) picked.set(logits.subarray(row * classes, (row + 1) * classes), i * classes);
    return { logits: picked, truth: Uint8Array.from(rows, (row) => truth[row]!) };
  };
  return [pick(heldOut), pick(train)];
}
