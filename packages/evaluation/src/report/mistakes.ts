/** The mistakes a model was surest of, with their pictures. */
import { contactSheet, type Split } from '@mien/data';
import { probabilities } from '../calibration.ts';
import type { Evaluation } from '../evaluate.ts';

export interface Mistake {
  /** Row within the split. */
  readonly row: number;
  readonly truth: string;
  readonly predicted: string;
  /** Calibrated probability of the predicted label, and of the true one. */
  readonly confidence: number;
  readonly ofTruth: number;
  /** A PNG as a data URL. */
  readonly picture: string;
}

/** How many mistakes are shown as the surest of all, whatever their label. */
export const surestOfAll = 16;

/** For each true label at most `perLabel` wrong rows, the surest first, and what is missing then of the surest of all. */
export async function worstMistakes(split: Split, { rows, truth, predicted, logits, labels, temperature }: Evaluation, perLabel: number): Promise<Mistake[]> {
  const K = labels.length;
  const p = probabilities(logits, K, temperature);
  const sureness = (i: number): number => p[i * K + predicted[i]!]!;
  const allWrong = [...rows.keys()].filter((i) => truth[i] !== predicted[i]).sort((a, b) => sureness(b) - sureness(a));
  const surest = new Set(allWrong.slice(0, surestOfAll));
  const mistakes: Mistake[] = [];
  for (const [k, label] of labels.entries()) {
    const worst = allWrong.filter((i) => truth[i] === k).filter((i, rank) => rank < perLabel || surest.has(i));
    const pixels = await split.gatherImages(worst.map((i) => rows[i]!));
    for (const [at, i] of worst.entries()) {
      const png = await contactSheet([pixels.subarray(at * split.imageBytes, (at + 1) * split.imageBytes)], split.image, { columns: 1 });
      mistakes.push({
        row: rows[i]!,
        truth: label,
        predicted: labels[predicted[i]!]!,
        confidence: sureness(i),
        ofTruth: p[i * K + k]!,
        picture: `data:image/png;base64,${png.toString('base64')}`,
      });
    }
  }
  return mistakes;
}
