import { expect, test } from 'vitest';
import { eyeRoll } from './eye-roll.ts';
import { faceParts, landmarkCount, mirrorFace, mirrorPoints } from './face-points.ts';
import { landmarkFeatureCount, writeLandmarkFeatures } from './landmark-features.ts';

/** A made-up face, not symmetric, about 30 wide. */
const face = Float32Array.from({ length: 2 * landmarkCount }, (_, i) => {
  const p = i >> 1;
  const eye = p >= 36 && p < 42 ? [14, 18] : p >= 42 && p < 48 ? [34, 18] : [24 + 12 * Math.sin(p * 1.7), 24 + 12 * Math.cos(p * 0.9)];
  return eye[i & 1]! + Math.sin(p * 2.3 + i);
});

function moved(points: Float32Array, angle: number, scale: number, dx: number, dy: number): Float32Array {
  return points.map((_, i) => {
    const [x, y] = [points[i & ~1]!, points[i | 1]!];
    return i & 1 ? dy + scale * (Math.sin(angle) * x + Math.cos(angle) * y) : dx + scale * (Math.cos(angle) * x - Math.sin(angle) * y);
  });
}

test('every point has a twin in the mirror, and parts answer each other', () => {
  expect(mirrorPoints).toHaveLength(landmarkCount);
  for (const [i, twin] of mirrorPoints.entries()) expect(mirrorPoints[twin]).toBe(i);
  const range = ({ first, count }: { first: number; count: number }) => Array.from({ length: count }, (_, i) => first + i);
  for (const [left, right] of [
    ['leftEye', 'rightEye'],
    ['leftBrow', 'rightBrow'],
    ['mouth', 'mouth'],
    ['nose', 'nose'],
    ['jaw', 'jaw'],
  ] as const) {
    expect(
      range(faceParts[left])
        .map((i) => mirrorPoints[i])
        .sort((a, b) => a! - b!),
    ).toEqual(range(faceParts[right]));
  }
  for (const [i, value] of mirrorFace(mirrorFace(face, 48), 48).entries()) expect(value).toBeCloseTo(face[i]!, 4);
});

test('the roll is the angle of the line between the eyes, undefined where there are no two eyes', () => {
  const level = eyeRoll(face, 48)!;
  expect(eyeRoll(moved(face, 0.3, 2, 5, -7), 96)! - level).toBeCloseTo(0.3, 5);
  expect(eyeRoll(moved(face, 1.2, 1, 0, 0), 48)).toBeUndefined();
  expect(eyeRoll(moved(face, 0, 0.1, 0, 0), 48)).toBeUndefined();
});

test('features do not change when the face is moved, scaled or turned, and are mirrored with it', () => {
  const features = writeLandmarkFeatures(face);
  expect(features).toHaveLength(landmarkFeatureCount);
  const other = writeLandmarkFeatures(moved(face, -0.4, 3.1, 100, 20));
  for (const [i, value] of features.entries()) expect(other[i]).toBeCloseTo(value, 4);
  const mean = features.reduce((sum, v) => sum + v, 0) / features.length;
  expect(mean).toBeCloseTo(0, 5);
  expect(Math.sqrt((2 * features.reduce((sum, v) => sum + v * v, 0)) / features.length)).toBeCloseTo(1, 4);
  const twin = writeLandmarkFeatures(mirrorFace(face, 48));
  for (let p = 0; p < landmarkFeatureCount / 2; p++) {
    const at = mirrorPoints[p + 17]! - 17;
    expect(twin[2 * p]).toBeCloseTo(-features[2 * at]!, 4);
    expect(twin[2 * p + 1]).toBeCloseTo(features[2 * at + 1]!, 4);
  }
  expect(writeLandmarkFeatures(new Float32Array(136))).toEqual(new Float32Array(landmarkFeatureCount));
  const out = new Float32Array(3 + landmarkFeatureCount);
  expect(writeLandmarkFeatures(face, out, 3).subarray(3)).toEqual(features);
});
