/**
 * Labels that are probably wrong, by confident learning (Northcutt et al. 2021): a row is suspected when the model gives
 * another class more than it gives that class on average where the label says so.
 */

import { noLabel } from '../store/manifest.ts';

export interface Suspect {
  /** Row within the split. */
  row: number;
  /** Class index the label says. */
  label: number;
  /** Class index the model says. */
  suggested: number;
  /** Probability of the label, 0…1; suspects are ranked by it, lowest first. */
  confidence: number;
  /** Probability of the suggestion. */
  suggestedConfidence: number;
}

/**
 * @param probabilities [N,K], best made out of fold: by a model that was not trained on the row it judges. Rows that are
 * not finite were not judged and are passed over.
 * @param labels [N]; rows of `noLabel` are passed over.
 */
export function rankSuspects(probabilities: Float32Array, labels: ArrayLike<number>, classes: number): Suspect[] {
  const sums = new Float64Array(classes);
  const counts = new Float64Array(classes);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    if (label === noLabel) continue;
    const own = probabilities[row * classes + label] as number;
    if (!Number.isFinite(own)) continue;
    sums[label]! += own;
    counts[label]!++;
  }
  const suspects: Suspect[] = [];
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    if (label === noLabel) continue;
    let suggested = -1;
    for (let k = 0; k < classes; k++) {
      const given = probabilities[row * classes + k] as number;
      // A class without rows has no average to go by.
      if (!(counts[k] as number) || given < (sums[k] as number) / (counts[k] as number)) continue;
      if (suggested < 0 || given > (probabilities[row * classes + suggested] as number)) suggested = k;
    }
    const confidence = probabilities[row * classes + label] as number;
    if (suggested < 0 || suggested === label || !Number.isFinite(confidence)) continue;
    suspects.push({ row, label, suggested, confidence, suggestedConfidence: probabilities[row * classes + suggested] as number });
  }
  return suspects.sort((a, b) => a.confidence - b.confidence || a.row - b.row);
}
