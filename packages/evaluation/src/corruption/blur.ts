/** Blurs of Hendrycks & Dietterich (2019): defocus, glass, motion and zoom. Constants: CIFAR-10-C and Tiny-ImageNet-C. */
import { correlate, enlarge, gaussianBlur, motionTaps, type Tap } from './filters.ts';
import { constantsFor, type Corrupt, type Picture } from './picture.ts';

/** Every plane of a picture through the same function. */
function eachPlane(picture: Picture, change: (plane: Float32Array) => Float32Array): Picture {
  const size = picture.height * picture.width;
  const data = new Float32Array(picture.data.length);
  for (let c = 0; c < picture.channels; c++) data.set(change(picture.data.subarray(c * size, (c + 1) * size)), c * size);
  return { ...picture, data };
}

/** The disk of a lens out of focus, its rim softened by a 3×3 Gaussian; sums to 1. */
function disk(radius: number, softness: number): Tap[] {
  const reach = Math.floor(radius);
  const around = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const hard = around.flatMap((dy) => around.flatMap((dx) => (dx * dx + dy * dy <= radius * radius ? [{ dx, dy }] : [])));
  const beside = Math.exp(-1 / (2 * softness * softness));
  const soft = [beside, 1, beside].map((weight) => weight / (1 + 2 * beside));
  return hard.flatMap(({ dx, dy }) =>
    soft.flatMap((down, y) => soft.map((across, x) => ({ dx: dx + x - 1, dy: dy + y - 1, weight: (down * across) / hard.length }))),
  );
}

/** radius of the disk and softness of its rim, px */
export const defocusBlur: Corrupt = (picture, severity) => {
  const [radius, softness] = constantsFor(
    picture,
    severity,
    [
      [0.3, 0.4],
      [0.4, 0.5],
      [0.5, 0.6],
      [1, 0.2],
      [1.5, 0.1],
    ],
    [
      [0.5, 0.6],
      [1, 0.1],
      [1.5, 0.1],
      [2.5, 0.01],
      [3, 0.1],
    ],
  ) as [number, number];
  const taps = disk(radius, softness);
  return eachPlane(picture, (plane) => correlate(plane, picture.height, picture.width, taps, 'mirror'));
};

/**
 * Frosted glass: blurred, every pixel replaced by a random neighbour, blurred again. σ px, distance of the neighbour px, passes.
 * The published code writes a swap, but on views of the same array, so that its data sets hold copies; so does this.
 */
export const glassBlur: Corrupt = (picture, severity, random) => {
  const [sigma, farthest, passes] = constantsFor(
    picture,
    severity,
    [
      [0.05, 1, 1],
      [0.25, 1, 1],
      [0.4, 1, 1],
      [0.25, 1, 2],
      [0.4, 1, 2],
    ],
    [
      [0.1, 1, 1],
      [0.5, 1, 1],
      [0.6, 1, 2],
      [0.7, 2, 1],
      [0.9, 2, 2],
    ],
  ) as [number, number, number];
  const { channels, height, width } = picture;
  const blurred = eachPlane(picture, (plane) => gaussianBlur(plane, height, width, sigma));
  for (let pass = 0; pass < passes; pass++) {
    // As published, from side − farthest down to farthest + 1.
    for (let y = height - farthest; y > farthest; y--) {
      for (let x = width - farthest; x > farthest; x--) {
        // As published, −farthest … farthest − 1.
        const other = (y + random.int(2 * farthest) - farthest) * width + x + random.int(2 * farthest) - farthest;
        for (let c = 0; c < channels; c++) blurred.data[c * height * width + y * width + x] = blurred.data[c * height * width + other]!;
      }
    }
  }
  return eachPlane(blurred, (plane) => gaussianBlur(plane, height, width, sigma));
};

/** The camera moves along a line within 45° of the horizontal. Radius and σ of the smear, px. */
export const motionBlur: Corrupt = (picture, severity, random) => {
  const [radius, sigma] = constantsFor(
    picture,
    severity,
    [
      [6, 1],
      [6, 1.5],
      [6, 2],
      [8, 2],
      [9, 2.5],
    ],
    [
      [10, 1],
      [10, 1.5],
      [10, 2],
      [10, 2.5],
      [12, 3],
    ],
  ) as [number, number];
  const taps = motionTaps(radius, sigma, ((random.next() - 0.5) * Math.PI) / 2);
  return eachPlane(picture, (plane) => correlate(plane, picture.height, picture.width, taps, 'repeat'));
};

/** The camera moves towards the face: the mean of the picture and of its enlargements in steps of 1 %. Largest zoom; the same at both sizes. */
const largestZoom = [1.06, 1.11, 1.16, 1.21, 1.26];

export const zoomBlur: Corrupt = (picture, severity) => {
  const { height, width } = picture;
  // As many as `numpy.arange(1, largest, 0.01)` has: in floating point 7 and 12, not 6 and 11, at the two mildest.
  const steps = Math.ceil((largestZoom[severity - 1]! - 1) / 0.01);
  return eachPlane(picture, (plane) => {
    const sum = plane.slice();
    for (let step = 0; step < steps; step++) {
      const zoomed = enlarge(plane, height, width, 1 + step / 100);
      for (let p = 0; p < sum.length; p++) sum[p]! += zoomed[p]!;
    }
    return sum.map((v) => v / (steps + 1));
  });
};
