/** Channel counts under a width multiplier. */

/** `channels · width`, rounded to a multiple of 8, at least 8; never more than 10 % below the exact product (as MobileNetV2's code rounds). */
export function scaleWidth(channels: number, width: number): number {
  const exact = channels * width;
  const rounded = Math.max(8, 8 * Math.round(exact / 8));
  return rounded < 0.9 * exact ? rounded + 8 : rounded;
}
