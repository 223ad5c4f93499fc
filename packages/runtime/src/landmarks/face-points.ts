/**
 * The 68 points of a face as iBUG 300-W numbers them (Sagonas et al. 2013), here from 0. "Left" and "right" are the
 * picture's. Points of one face are a Float32Array [68,2], x and y in turn.
 */

export const landmarkCount = 68;

/** First point and count of each part. */
export const faceParts = {
  jaw: { first: 0, count: 17 },
  leftBrow: { first: 17, count: 5 },
  rightBrow: { first: 22, count: 5 },
  nose: { first: 27, count: 9 },
  leftEye: { first: 36, count: 6 },
  rightEye: { first: 42, count: 6 },
  mouth: { first: 48, count: 20 },
} as const;

export type FacePart = keyof typeof faceParts;

/** Point i of a face is point `mirrorPoints[i]` of its mirror image. */
export const mirrorPoints: Uint8Array = Uint8Array.from([
  ...[16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
  ...[26, 25, 24, 23, 22, 21, 20, 19, 18, 17],
  ...[27, 28, 29, 30, 35, 34, 33, 32, 31],
  ...[45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40],
  ...[54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65],
]);

/** Mean of the points of a part, [x, y]. */
export function centreOf(points: Float32Array, part: FacePart): readonly [number, number] {
  const { first, count } = faceParts[part];
  let x = 0;
  let y = 0;
  for (let i = first; i < first + count; i++) {
    x += points[2 * i]!;
    y += points[2 * i + 1]!;
  }
  return [x / count, y / count];
}

/** The points of the mirror image of a picture of this width: x ↦ width − x (pixel k covers k…k+1), and each point takes its twin's place. */
export function mirrorFace(points: Float32Array, width: number): Float32Array {
  const mirrored = new Float32Array(points.length);
  for (const [i, twin] of mirrorPoints.entries()) {
    mirrored[2 * i] = width - points[2 * twin]!;
    mirrored[2 * i + 1] = points[2 * twin + 1]!;
  }
  return mirrored;
}
