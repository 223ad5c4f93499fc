/** One pass over every image of a store: what the checks need to know of each, so that no image need stay in memory. */
import { createHash } from 'node:crypto';
import type { Split, Store } from '../store/store.ts';
import { PerceptualHasher } from './perceptual-hash.ts';

/** Images read at once. */
const blockRows = 512;

/** Rows of all splits one after the other; `i` below is such a number. */
export interface Scan {
  store: Store;
  splits: readonly Split[];
  /** Number of the first row of each split. */
  starts: readonly number[];
  count: number;
  /** Index into `splits`. */
  splitOf: Uint8Array;
  labels: Uint8Array;
  /** The lowest number of a row with the very same pixels; i itself where there is none before it. */
  firstAlike: Uint32Array;
  /** Every plane holds one single value. */
  constant: Uint8Array;
  /** Mean and standard deviation of the luma, 0…255. */
  brightness: Float32Array;
  contrast: Float32Array;
  /** Two words for each row. */
  hashes: Uint32Array;
}

/** Reads every image once. */
export async function scanStore(store: Store, onProgress?: (done: number, total: number) => void): Promise<Scan> {
  const splits: Split[] = [];
  for (const name of store.splitNames) splits.push(await store.split(name));
  const { count, image } = store.manifest;
  const scan: Scan = {
    store,
    splits,
    starts: splits.map((_, s) => splits.slice(0, s).reduce((sum, split) => sum + split.count, 0)),
    count,
    splitOf: new Uint8Array(count),
    labels: new Uint8Array(count),
    firstAlike: new Uint32Array(count),
    constant: new Uint8Array(count),
    brightness: new Float32Array(count),
    contrast: new Float32Array(count),
    hashes: new Uint32Array(2 * count),
  };
  const hasher = new PerceptualHasher(image.height, image.width);
  const luma = new Float64Array(image.height * image.width);
  const seen = new Map<string, number>();
  let i = 0;
  for (const [s, split] of splits.entries()) {
    scan.labels.set(split.labels, i);
    const block = new Uint8Array(Math.min(blockRows, split.count) * split.imageBytes);
    for (let start = 0; start < split.count; start += blockRows) {
      const rows = Math.min(blockRows, split.count - start);
      await split.readImages(start, rows, block);
      for (let r = 0; r < rows; r++, i++) {
        const pixels = block.subarray(r * split.imageBytes, (r + 1) * split.imageBytes);
        scan.splitOf[i] = s;
        const digest = pixelDigest(pixels);
        const first = seen.get(digest);
        if (first === undefined) seen.set(digest, i);
        scan.firstAlike[i] = first ?? i;
        describeImage(scan, i, pixels, image.channels, luma);
        hasher.hash(luma, 0, scan.hashes, 2 * i);
      }
      onProgress?.(i, count);
    }
  }
  return scan;
}

/** Equal for images whose every sample is equal, and as good as never else. */
export function pixelDigest(pixels: Uint8Array): string {
  return createHash('sha1').update(pixels).digest('binary');
}

/** The split and the row within it that a number of a scan stands for. */
export function placeOf(scan: Scan, i: number): { split: Split; position: number } {
  const s = scan.splitOf[i] as number;
  return { split: scan.splits[s] as Split, position: i - (scan.starts[s] as number) };
}

/** Images of rows given by their numbers, in that order, each planar [C,H,W]. */
export async function readScanned(scan: Scan, numbers: readonly number[]): Promise<Uint8Array[]> {
  const images = new Array<Uint8Array>(numbers.length);
  for (const [s, split] of scan.splits.entries()) {
    const mine = [...numbers.keys()].filter((at) => scan.splitOf[numbers[at] as number] === s);
    const pixels = await split.gatherImages(mine.map((at) => (numbers[at] as number) - (scan.starts[s] as number)));
    for (const [k, at] of mine.entries()) images[at] = pixels.subarray(k * split.imageBytes, (k + 1) * split.imageBytes);
  }
  return images;
}

function describeImage(scan: Scan, i: number, pixels: Uint8Array, channels: number, luma: Float64Array): void {
  const size = luma.length;
  let constant = 1;
  for (let c = 0; c < channels && constant; c++) {
    const value = pixels[c * size];
    for (let p = 1; p < size; p++) {
      if (pixels[c * size + p] !== value) {
        constant = 0;
        break;
      }
    }
  }
  let sum = 0;
  let squares = 0;
  for (let p = 0; p < size; p++) {
    const value =
      channels === 1
        ? (pixels[p] as number)
        : (299 * (pixels[p] as number) + 587 * (pixels[size + p] as number) + 114 * (pixels[2 * size + p] as number)) / 1000;
    luma[p] = value;
    sum += value;
    squares += value * value;
  }
  const mean = sum / size;
  scan.constant[i] = constant;
  scan.brightness[i] = mean;
  scan.contrast[i] = Math.sqrt(Math.max(0, squares / size - mean * mean));
}
