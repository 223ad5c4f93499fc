/** Accuracy under common corruptions and with parts of the face covered. */
import { randomFor, shuffledIndices } from '@mien/data';
import { type CorruptionName, corruptionNames, corruptPixels } from './corruption/corruptions.ts';
import { coverRegion, type FaceRegion, faceRegionNames, regionArea } from './corruption/face-regions.ts';
import { severities } from './corruption/picture.ts';
import { bootstrapInterval, meanInterval } from './compare.ts';
import { argmax, wilsonInterval } from './metrics.ts';
import { type PredictOptions, predictSplit } from './predict-split.ts';

export interface RobustnessOptions extends Omit<PredictOptions, 'alter' | 'rows'> {
  /** Rows within the split, and what is true of each. */
  readonly rows: ArrayLike<number>;
  readonly truth: ArrayLike<number>;
  readonly seed: number;
}

export interface CorruptionResult {
  readonly corruption: CorruptionName;
  /** Accuracy at severities 1 to 5, with Wilson's intervals. */
  readonly accuracy: readonly number[];
  readonly accuracy95: readonly (readonly [number, number])[];
  readonly mean: number;
}

export interface OcclusionResult {
  readonly region: FaceRegion;
  /** Share of the crop that was covered. */
  readonly area: number;
  readonly accuracy: number;
  /** Accuracy of the whole faces − that of the covered ones, with its bootstrap interval over rows. */
  readonly drop: number;
  readonly drop95: readonly [number, number];
}

export interface Robustness {
  readonly n: number;
  readonly seed: number;
  /** Accuracy on the same rows as they are. */
  readonly clean: number;
  readonly clean95: readonly [number, number];
  readonly corruptions: readonly CorruptionResult[];
  /** Mean accuracy over all corruptions and severities, and that ÷ `clean`. */
  readonly corrupted: number;
  /** Its bootstrap interval over rows, each with all of its corrupted forms. */
  readonly corrupted95: readonly [number, number];
  readonly retained: number;
  readonly occlusions: readonly OcclusionResult[];
}

/** At most `most` of the rows, drawn by the seed, ascending: places in `rows`. */
export function sampleRows(count: number, most: number, seed: number): Uint32Array {
  const all = shuffledIndices(count, randomFor(seed, 'rows'));
  return all.slice(0, Math.min(most, count)).sort();
}

/** Runs the model over the rows once as they are, 75 times corrupted, and once for every region of the face that is covered. */
export async function measureRobustness(options: RobustnessOptions): Promise<Robustness> {
  const { rows, truth, seed, split, onProgress } = options;
  const n = rows.length;
  const runs = 1 + corruptionNames.length * severities.length + faceRegionNames.length;
  let run = 0;
  const hits = async (alter?: PredictOptions['alter']): Promise<Uint8Array> => {
    const done = run++ * n;
    const { logits, labels } = await predictSplit({
      ...options,
      ...(alter ? { alter } : {}),
      onProgress: (count) => onProgress?.(done + count, runs * n),
    });
    return Uint8Array.from({ length: n }, (_, i) => Number(argmax(logits, i * labels.length, labels.length) === truth[i]));
  };
  const share = (values: Uint8Array): number => values.reduce((a, b) => a + b, 0) / Math.max(1, n);
  const whole = await hits();
  const clean = share(whole);
  const results: CorruptionResult[] = [];
  const hitsOfRow = new Float64Array(n);
  for (const corruption of corruptionNames) {
    const accuracy: number[] = [];
    const accuracy95: [number, number][] = [];
    for (const severity of severities) {
      const right = await hits((pixels, row) => corruptPixels(pixels, split.image, corruption, severity, seed, row));
      for (const [i, hit] of right.entries()) hitsOfRow[i]! += hit;
      accuracy.push(share(right));
      accuracy95.push(
        wilsonInterval(
          right.reduce((a, b) => a + b, 0),
          n,
        ),
      );
    }
    results.push({ corruption, accuracy, accuracy95, mean: accuracy.reduce((a, b) => a + b, 0) / accuracy.length });
  }
  const occlusions: OcclusionResult[] = [];
  for (const region of faceRegionNames) {
    const covered = await hits((pixels) => coverRegion(pixels, split.image, region));
    const lost = (chosen: Uint32Array): number => chosen.reduce((sum, i) => sum + whole[i]! - covered[i]!, 0) / Math.max(1, n);
    const accuracy = share(covered);
    occlusions.push({ region, area: regionArea(region), accuracy, drop: clean - accuracy, drop95: bootstrapInterval(n, lost, { seed }) });
  }
  const corrupted = results.reduce((sum, { mean }) => sum + mean, 0) / results.length;
  const correct = whole.reduce((a, b) => a + b, 0);
  return {
    n,
    seed,
    clean,
    clean95: wilsonInterval(correct, n),
    corruptions: results,
    corrupted,
    corrupted95: meanInterval(
      hitsOfRow.map((hits) => hits / (corruptionNames.length * severities.length)),
      seed,
    ),
    retained: clean > 0 ? corrupted / clean : 0,
    occlusions,
  };
}
