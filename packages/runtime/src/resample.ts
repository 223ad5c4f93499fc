/**
 * Area-bilinear resampling: a triangle filter that widens with the scale when shrinking, so that small details do
 * not alias, and is plain bilinear interpolation when enlarging. One implementation for training crops, photographs
 * and detectors, in Node and in browsers.
 */
import type { Box, Image } from './image.ts';

/** Filter taps of one axis: output i is Σ weights[at[i] + k] · source[first[i] + k], k < at[i+1] − at[i]. */
interface Taps {
  readonly first: Int32Array;
  readonly at: Int32Array;
  readonly weights: Float64Array;
  /** Source samples used by any output: from `low` to `high`, both included. */
  readonly low: number;
  readonly high: number;
}

/**
 * Taps that map `length` source samples from `start` onto `outputs` values. Outside of 0…size−1 the edge sample is
 * repeated: its taps are added to the edge's, so that the inner loop never leaves the picture.
 * Output i is centred on source coordinate start + (i + ½)·length/outputs (pixel k covers k…k+1).
 */
function makeTaps(start: number, length: number, size: number, outputs: number): Taps {
  const scale = length / outputs;
  const support = Math.max(scale, 1);
  const widest = Math.min(size, Math.ceil(2 * support) + 2);
  const first = new Int32Array(outputs);
  const at = new Int32Array(outputs + 1);
  const weights = new Float64Array(outputs * widest);
  let used = 0;
  let low = size - 1;
  let high = 0;
  for (let i = 0; i < outputs; i++) {
    const centre = start + (i + 0.5) * scale - 0.5;
    const from = Math.floor(centre - support) + 1;
    const to = Math.ceil(centre + support) - 1;
    const firstInside = Math.min(Math.max(from, 0), size - 1);
    const lastInside = Math.min(Math.max(to, 0), size - 1);
    let sum = 0;
    for (let k = from; k <= to; k++) {
      const weight = 1 - Math.abs(k - centre) / support;
      const inside = Math.min(Math.max(k, firstInside), lastInside);
      weights[used + inside - firstInside]! += weight;
      sum += weight;
    }
    const count = lastInside - firstInside + 1;
    for (let k = 0; k < count; k++) weights[used + k]! /= sum;
    first[i] = firstInside;
    used += count;
    at[i + 1] = used;
    low = Math.min(low, firstInside);
    high = Math.max(high, lastInside);
  }
  return { first, at, weights, low, high };
}

/** row[i] = Σ weights[k] · data[from + k·stride + i] for i < count; four rows at a time, which halves the time of one. */
function blendRows(data: Uint8Array, from: number, stride: number, weights: Float64Array, row: Float64Array, count: number): void {
  row.fill(0, 0, count);
  let k = 0;
  let at = from;
  for (; k + 4 <= weights.length; k += 4, at += 4 * stride) {
    const w0 = weights[k]!;
    const w1 = weights[k + 1]!;
    const w2 = weights[k + 2]!;
    const w3 = weights[k + 3]!;
    const at1 = at + stride;
    const at2 = at1 + stride;
    const at3 = at2 + stride;
    for (let i = 0; i < count; i++) row[i]! += w0 * data[at + i]! + w1 * data[at1 + i]! + w2 * data[at2 + i]! + w3 * data[at3 + i]!;
  }
  for (; k < weights.length; k++, at += stride) {
    const weight = weights[k]!;
    for (let i = 0; i < count; i++) row[i]! += weight * data[at + i]!;
  }
}

/** Splits an interleaved row into planes: [width] luma for 1 channel, [3,width] RGB for 3. */
function splitRow(row: Float64Array, width: number, stored: 1 | 3 | 4, channels: 1 | 3, line: Float64Array): void {
  if (stored === 1) {
    for (let c = 0; c < channels; c++) for (let x = 0; x < width; x++) line[c * width + x] = row[x]!;
  } else if (channels === 1) {
    // Rec. 601 luma with integer weights: exact for grey pixels, whose three samples are equal.
    for (let x = 0, at = 0; x < width; x++, at += stored) line[x] = (299 * row[at]! + 587 * row[at + 1]! + 114 * row[at + 2]!) / 1000;
  } else {
    for (let x = 0, at = 0; x < width; x++, at += stored) {
      line[x] = row[at]!;
      line[width + x] = row[at + 1]!;
      line[2 * width + x] = row[at + 2]!;
    }
  }
}

/** Resamples rectangles of pictures; keeps its scratch memory, so use one for many crops (not from two threads). */
export class Resampler {
  #row = new Float64Array(0);
  #line = new Float64Array(0);

  /**
   * Resamples `rect` (pixels of `image`, fractions allowed, may reach over the edges, which are repeated) to
   * `height`×`width`, as luma (Rec. 601) or RGB in 0…255; alpha is ignored.
   * Written to `out` as planes [channels, height, width], plane rows `outWidth` wide (default `width`), planes
   * `outHeight` high. A rectangle of the output's own size on whole pixels is passed through unchanged, bit for bit.
   * Throws `RangeError` on an empty picture or a rectangle without area.
   */
  resample(image: Image, rect: Box, channels: 1 | 3, height: number, width: number, out: Float32Array, outHeight = height, outWidth = width): Float32Array {
    if (!(image.width > 0 && image.height > 0))
      throw new RangeError(`resample: the picture is ${image.width}×${image.height}, it must have at least one pixel`);
    if (!(rect.width > 0 && rect.height > 0) || !Number.isFinite(rect.x + rect.y + rect.width + rect.height)) {
      throw new RangeError(`resample: rectangle ${rect.width}×${rect.height} at ${rect.x},${rect.y} has no area`);
    }
    const across = makeTaps(rect.x, rect.width, image.width, width);
    const down = makeTaps(rect.y, rect.height, image.height, height);
    const stored = image.channels;
    // One view type, so that the inner loops stay compiled for it whatever kind of array the picture came in.
    const data = new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength);
    const span = across.high - across.low + 1;
    const samples = span * stored;
    if (this.#row.length < samples) this.#row = new Float64Array(samples);
    if (this.#line.length < span * 3) this.#line = new Float64Array(span * 3);
    const row = this.#row;
    const line = this.#line;

    // Columns first: running along the rows of the source keeps memory access in order, and both steps are linear.
    for (let j = 0; j < height; j++) {
      blendRows(
        data,
        (down.first[j]! * image.width + across.low) * stored,
        image.width * stored,
        down.weights.subarray(down.at[j], down.at[j + 1]),
        row,
        samples,
      );
      splitRow(row, span, stored, channels, line);
      for (let c = 0; c < channels; c++) {
        const target = (c * outHeight + j) * outWidth;
        const plane = c * span - across.low;
        for (let i = 0; i < width; i++) {
          let source = plane + across.first[i]!;
          const end = across.at[i + 1]!;
          let sum = 0;
          for (let k = across.at[i]!; k < end; k++) sum += across.weights[k]! * line[source++]!;
          out[target + i] = sum;
        }
      }
    }
    return out;
  }
}
