/** Keeping weights in fewer bytes, and what that costs: `--fp16` and `--int8` of the verbs that write models. */
import { halveWeights, type OnnxModel, quantiseWeights } from '@mien/onnx';
import { type ModelCard, UserError } from '@mien/runtime';
import { describeFigures, type Measurement, percent, tellRows, withMeasured } from './measure-model.ts';
import { note } from './output.ts';

/** How weights are kept, with the word for it. */
export interface Rounding {
  readonly name: string;
  readonly round: (model: OnnxModel) => OnnxModel;
}

/** Throws `UserError` where both are asked for. */
export function roundingOf({ fp16, int8 }: { readonly fp16?: boolean; readonly int8?: boolean }): Rounding | undefined {
  if (fp16 && int8) throw new UserError('bad-option', '--fp16 and --int8: weights are kept in one of these; give one');
  if (fp16) return { name: 'float16', round: halveWeights };
  return int8 ? { name: 'int8', round: quantiseWeights } : undefined;
}

/** Figures of one output of the file as it is written, and of the same model before its weights were rounded. */
export interface Comparison {
  readonly after: Measurement;
  readonly before: Measurement | undefined;
}

/** The card with the figures of an output, and what they were before rounding. */
export function withComparison(card: ModelCard, { after, before }: Comparison, rounding: Rounding | undefined): ModelCard {
  const was = (figure: string): string => `weights kept as ${rounding!.name}, before: ${figure}`;
  return withMeasured(card, after, before ? { accuracy: was(percent(before.evaluation.accuracy)), macroF1: was(before.evaluation.macroF1.toFixed(4)) } : {});
}

/** Says what rounding cost, or without it what was measured. */
export function tellComparison({ after, before }: Comparison, rounding: Rounding | undefined): void {
  tellRows(after);
  if (!before || !rounding) {
    note(`  ${describeFigures(after.evaluation)}`);
    return;
  }
  const [a, b] = [after.evaluation, before.evaluation];
  const same = b.predicted.filter((k, i) => k === a.predicted[i]).length;
  const change = 100 * (a.accuracy - b.accuracy);
  note(`  before: ${describeFigures(b)}`);
  note(`  ${rounding.name}: ${describeFigures(a)}`);
  note(
    `  accuracy changed by ${change >= 0 ? '+' : '−'}${Math.abs(change).toFixed(2)} points; ${percent(same / Math.max(1, a.n))} of the answers are the same`,
  );
}
