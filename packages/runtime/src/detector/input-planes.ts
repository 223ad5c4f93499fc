/** A picture laid out as a detector's input: resized whole, in the top left corner of planes of whole strides. */
import type { Image } from '../image.ts';
import { Resampler } from '../resample.ts';

export interface InputPlanes {
  /** [3, height, width], RGB in 0…255; 0 (black) right of and below the picture. */
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
  /** Pixels of the picture for one pixel of the planes, across and down. */
  readonly scaleX: number;
  readonly scaleY: number;
}

/** The next multiple of `stridePx`. */
export function roundUp(lengthPx: number, stridePx: number): number {
  return Math.ceil(lengthPx / stridePx) * stridePx;
}

/** Resizes so that the longer side becomes `longSidePx`; the planes are `[height, width]` or the next whole strides. */
export function planesOf(image: Image, longSidePx: number, stridePx: number, planes?: readonly [number, number]): InputPlanes {
  const ratio = planes ? Math.min(planes[0] / image.height, planes[1] / image.width) : longSidePx / Math.max(image.width, image.height);
  const contentWidth = Math.max(1, Math.round(image.width * ratio));
  const contentHeight = Math.max(1, Math.round(image.height * ratio));
  const [height, width] = planes ?? [roundUp(contentHeight, stridePx), roundUp(contentWidth, stridePx)];
  const data = new Float32Array(3 * height * width);
  new Resampler().resample(image, { x: 0, y: 0, width: image.width, height: image.height }, 3, contentHeight, contentWidth, data, height, width);
  return { data, height, width, scaleX: image.width / contentWidth, scaleY: image.height / contentHeight };
}

/** Planes of half the size, each value the mean of 2×2; the new sides are rounded up to whole strides. */
export function halved(planes: InputPlanes, stridePx: number): InputPlanes {
  const height = roundUp(planes.height / 2, stridePx);
  const width = roundUp(planes.width / 2, stridePx);
  const data = new Float32Array(3 * height * width);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < planes.height >> 1; y++) {
      let from = (c * planes.height + 2 * y) * planes.width;
      let to = (c * height + y) * width;
      for (let x = 0; x < planes.width >> 1; x++, from += 2) {
        data[to++] = (planes.data[from]! + planes.data[from + 1]! + planes.data[from + planes.width]! + planes.data[from + planes.width + 1]!) / 4;
      }
    }
  }
  return { data, height, width, scaleX: planes.scaleX * 2, scaleY: planes.scaleY * 2 };
}
