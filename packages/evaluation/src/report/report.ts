/** Everything that was measured of a model on a split, as the page, the plots and the JSON show it. */
import type { AbstainResult } from '../abstain-threshold.ts';
import type { PairedComparison } from '../compare.ts';
import type { Evaluation } from '../evaluate.ts';
import type { GroupReport } from '../group-gap.ts';
import type { OverlapFigures } from '../overlap-figures.ts';
import type { Robustness } from '../robustness.ts';
import type { VoteAgreement } from '../vote-agreement.ts';
import type { Mistake } from './mistakes.ts';

export interface ModelFigures {
  /** As the user named it. */
  readonly name: string;
  /** Its file. */
  readonly model: string;
  readonly evaluation: Evaluation;
  /** Bootstrap interval, 95 %. */
  readonly macroF1Interval95: readonly [number, number];
  readonly nllInterval95: readonly [number, number];
  readonly eceInterval95: readonly [number, number];
  /** Wilson interval, 95 %. */
  readonly top2Interval95: readonly [number, number];
  /** Where the temperature was fitted on some of the rows: the calibration error of the others. */
  readonly unfitted?: { readonly n: number; readonly ece: number; readonly eceInterval95: readonly [number, number] };
}

export interface Report extends ModelFigures {
  /** Name of the store. */
  readonly data: string;
  /** ISO 8601. */
  readonly measured: string;
  /** What the user should know before believing the figures, in whole sentences; the worst first. */
  readonly warnings: readonly string[];
  /** Rows of the split the model was trained on; absent where there is none. Such figures are only made on demand. */
  readonly trainedOnRows?: number;
  /** Of the head for votes, over every row that has votes, or of a main head whose labels the votes know. */
  readonly votes?: VoteAgreement & { readonly head: string };
  readonly abstain?: AbstainResult;
  readonly overlap?: OverlapFigures;
  readonly groups?: GroupReport;
  readonly robustness?: Robustness;
  readonly comparison?: ModelFigures & { readonly paired: PairedComparison; readonly trainedOnRows?: number };
  readonly intendedUse: string;
  readonly limits: readonly string[];
  /** Pictures of people: only ever written to the page the user asked for. */
  readonly mistakes: readonly Mistake[];
}

/** What must stand over figures of rows a model was trained on, wherever they are shown; undefined where it was not. */
export function trainedMark({
  name,
  trainedOnRows,
  comparison,
  evaluation: { n },
}: Pick<Report, 'name' | 'trainedOnRows' | 'comparison' | 'evaluation'>): string | undefined {
  const of = [
    ...(trainedOnRows ? [`${name} on ${trainedOnRows}`] : []),
    ...(comparison?.trainedOnRows ? [`${comparison.name} on ${comparison.trainedOnRows}`] : []),
  ];
  return of.length > 0 ? `TRAINED ON THESE ROWS (${of.join(', ')} of ${n}): not what the model does on new faces` : undefined;
}

/** The figures of an evaluation without its rows. */
export function plainFigures({
  predicted: _p,
  truth: _t,
  logits: _l,
  rows: _r,
  votes: _v,
  ...figures
}: Evaluation): Omit<Evaluation, 'predicted' | 'truth' | 'logits' | 'rows' | 'votes'> {
  return figures;
}

/** The report as JSON, without pictures and without rows. */
export function reportJson({ evaluation, comparison, mistakes: _, intendedUse: _i, limits: _l, ...rest }: Report): Record<string, unknown> {
  return {
    ...plainFigures(evaluation),
    ...rest,
    ...(comparison
      ? {
          comparison: {
            ...comparison.paired,
            model: comparison.model,
            macroF1Interval95: comparison.macroF1Interval95,
            nllInterval95: comparison.nllInterval95,
            eceInterval95: comparison.eceInterval95,
            top2Interval95: comparison.top2Interval95,
            ...(comparison.trainedOnRows ? { trainedOnRows: comparison.trainedOnRows } : {}),
            figures: plainFigures(comparison.evaluation),
          },
        }
      : {}),
  };
}
