/**
 * Corrects the resting-face bias: a person whose face at rest looks sad or angry to the network.
 *
 * Over a few seconds of a neutral face the mean calibrated logits z̄ should have neutral in the lead. The correction is the least that
 * makes it so: every other class is lowered just enough to lie `margin` below neutral, and classes that already do are left
 * alone. Nothing is raised, so no expression becomes easier to show than before, and correcting twice changes nothing. In terms of
 * probability this is a change of the prior odds of each class against neutral, for this person, by exp(−offset).
 */
import { UserError } from '@mien/runtime';
import { calibratedLogits } from './calibrated-logits.ts';

export interface NeutralCorrectionOptions {
  /** How far below neutral, in logits, every other class has to lie on the mean resting face. Default 1: odds of 2.7 to 1. */
  readonly margin?: number;
}

/** Frames below which a mean says little: a third of a second of video. */
const fewestFrames = 10;

/**
 * The offset [K] to subtract from calibrated logits, each entry ≥ 0, from frames of one resting face. `frames` are the
 * network's logits [K] of each frame. Uses the median over the frames, class by class, so that a blink or a smile at the start does not count.
 * Throws `UserError` `too-few-frames` with fewer than ten.
 */
export function neutralOffset(
  frames: readonly ArrayLike<number>[],
  temperature: number,
  neutralIndex: number,
  { margin = 1 }: NeutralCorrectionOptions = {},
): Float64Array {
  if (frames.length < fewestFrames) {
    throw new UserError(
      'too-few-frames',
      `neutral face: ${frames.length} frames with a face, at least ${fewestFrames} are needed; look into the camera and try again`,
    );
  }
  const calibrated = frames.map((logits) => calibratedLogits(logits, temperature));
  const classes = calibrated[0]!.length;
  if (!(neutralIndex >= 0 && neutralIndex < classes)) throw new RangeError(`neutral face: class ${neutralIndex} is not one of ${classes}`);
  const resting = Float64Array.from({ length: classes }, (_, k) => median(calibrated.map((z) => z[k]!)));
  return resting.map((z, k) => (k === neutralIndex ? 0 : Math.max(0, z - (resting[neutralIndex]! - margin))));
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
}
