/** How far a face is turned in the plane of the picture, by its eyes. */
import { centreOf } from './face-points.ts';

/** Eyes nearer to each other than this, in sides of the crop, are no eyes that were found: about 2 in 100 of FER2013's crops. */
const nearestEyes = 0.12;
/** A face turned further than this is a face that was not found: upright crops come from detectors that find no such face. */
const largestRollRad = Math.PI / 4;

/**
 * Angle of the line from the left eye's centre to the right eye's (the picture's), radians, positive clockwise on the
 * screen: turning the picture by −roll makes the eyes level. In ±π/4; undefined where the points are no two eyes.
 * `points` [68,2]; `sidePx` is the side of the square they were found in.
 */
export function eyeRoll(points: Float32Array, sidePx: number): number | undefined {
  const [leftX, leftY] = centreOf(points, 'leftEye');
  const [rightX, rightY] = centreOf(points, 'rightEye');
  const dx = rightX - leftX;
  const dy = rightY - leftY;
  if (Math.hypot(dx, dy) < nearestEyes * sidePx) return undefined;
  const roll = Math.atan2(dy, dx);
  return Math.abs(roll) <= largestRollRad ? roll : undefined;
}
