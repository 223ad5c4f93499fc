/** The whole walk: a picture → its faces → their expressions. */
import type { DetectOptions, FaceDetector } from './detector/face-detector.ts';
import type { Box, Image } from './image.ts';
import type { Recogniser, Recognition } from './recogniser.ts';

export interface Face extends Recognition {
  /** In pixels of the picture; may reach over its edges. */
  readonly box: Box;
  /** The detector's score, 0…1. */
  readonly detection: number;
}

/**
 * Every face of the picture with its expression, from left to right (by box centre, then from top to bottom), so that
 * the order does not depend on scores. No face gives an empty list.
 */
export async function findExpressions(image: Image, detector: FaceDetector, recogniser: Recogniser, options?: DetectOptions): Promise<Face[]> {
  const found = (await detector.detect(image, options)).toSorted((a, b) => centreX(a.box) - centreX(b.box) || a.box.y - b.box.y);
  const recognised = await recogniser.recognise(
    image,
    found.map(({ box }) => box),
  );
  return found.map(({ box, score }, i) => ({ box, detection: score, ...recognised[i]! }));
}

function centreX(box: Box): number {
  return box.x + box.width / 2;
}

/** The expression of a picture that is a face crop itself: its box is the whole picture and `detection` is 1. */
export async function wholeExpression(image: Image, recogniser: Recogniser): Promise<Face> {
  const [recognised] = await recogniser.recognise(image, 'whole');
  return { box: { x: 0, y: 0, width: image.width, height: image.height }, detection: 1, ...recognised! };
}
