/** A face's points as the second input of a network: their shape alone, without where the face is, how large and how turned. */
import { faceParts } from './face-points.ts';

/** Brows, nose, eyes and mouth; the jaw says who it is more than what is shown. */
const first = faceParts.leftBrow.first;
const last = faceParts.mouth.first + faceParts.mouth.count;

/** Points a network is given. */
export const featurePoints: number = last - first;
/** Numbers a network is given: x and y of each. */
export const landmarkFeatureCount: number = 2 * featurePoints;

/**
 * p ↦ R(−roll) · (p − mean) / RMS distance from the mean, over the 51 inner points; roll is the angle between the
 * eyes' centres. Invariant under shift, scale and turn (Procrustes; Dryden & Mardia 2016, ch. 4). `points` [68,2] in
 * any unit → `out` [51,2] from `offset`, most within ±2. Points that all coincide give zeros.
 */
export function writeLandmarkFeatures(points: Float32Array, out: Float32Array = new Float32Array(landmarkFeatureCount), offset = 0): Float32Array {
  let meanX = 0;
  let meanY = 0;
  for (let i = first; i < last; i++) {
    meanX += points[2 * i]! / featurePoints;
    meanY += points[2 * i + 1]! / featurePoints;
  }
  let square = 0;
  for (let i = first; i < last; i++) square += (points[2 * i]! - meanX) ** 2 + (points[2 * i + 1]! - meanY) ** 2;
  const [cos, sin] = turnOf(points);
  const scale = square > 0 ? 1 / Math.sqrt(square / featurePoints) : 0;
  for (let i = first, to = offset; i < last; i++) {
    const x = (points[2 * i]! - meanX) * scale;
    const y = (points[2 * i + 1]! - meanY) * scale;
    out[to++] = cos * x + sin * y;
    out[to++] = cos * y - sin * x;
  }
  return out;
}

/** Cosine and sine of the roll; level where the eyes coincide. */
function turnOf(points: Float32Array): readonly [number, number] {
  let dx = 0;
  let dy = 0;
  for (let i = 0; i < faceParts.leftEye.count; i++) {
    dx += points[2 * (faceParts.rightEye.first + i)]! - points[2 * (faceParts.leftEye.first + i)]!;
    dy += points[2 * (faceParts.rightEye.first + i) + 1]! - points[2 * (faceParts.leftEye.first + i) + 1]!;
  }
  const length = Math.hypot(dx, dy);
  return length > 0 ? [dx / length, dy / length] : [1, 0];
}
