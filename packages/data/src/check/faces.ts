/**
 * Looks for a face in every image. A detector expects photographs with faces in them, not faces cut to their edges, so
 * sixteen images at a time are laid out on one picture with room around them; one that looks empty gets a second look
 * on another ground.
 */
import { type Box, type FaceDetector, Resampler } from '@mien/runtime';
import { toPicture } from '../store/picture.ts';
import { readScanned, type Scan } from './scan.ts';

const grid = 4;
const cellPx = 128;
/** Images are laid out at this size, in the middle of their cells. */
const tilePx = 64;
/** Grounds of the first and the second look, 0…255. */
const grounds = [0, 128] as const;
/** Nothing like a face: no detection reaches this score. */
const lowestScore = 0.1;
/** Detections wider than this frame several cells. */
const widestBoxPx = 1.2 * cellPx;

/** Rows in which no look finds a face, and the best score any gave them, ascending. */
export async function findFaceless(
  scan: Scan,
  detector: FaceDetector,
  onProgress?: (done: number, total: number) => void,
): Promise<{ i: number; score: number }[]> {
  let unseen = Array.from({ length: scan.count }, (_, i) => i);
  const scores = new Float64Array(scan.count);
  const perPicture = grid * grid;
  for (const [look, ground] of grounds.entries()) {
    for (let start = 0; start < unseen.length; start += perPicture) {
      const some = unseen.slice(start, start + perPicture);
      const found = await scoreTogether(scan, some, ground, detector);
      for (const [k, i] of some.entries()) scores[i] = Math.max(scores[i] as number, found[k] as number);
      if (look === 0) onProgress?.(start + some.length, scan.count);
    }
    unseen = unseen.filter((i) => (scores[i] as number) < lowestScore);
  }
  return unseen.map((i) => ({ i, score: scores[i] as number })).sort((a, b) => a.score - b.score || a.i - b.i);
}

async function scoreTogether(scan: Scan, numbers: readonly number[], ground: number, detector: FaceDetector): Promise<Float64Array> {
  const side = grid * cellPx;
  const { image } = scan.store.manifest;
  const data = new Uint8Array(side * side).fill(ground);
  const tile = new Float32Array(tilePx * tilePx);
  const resampler = new Resampler();
  const whole: Box = { x: 0, y: 0, width: image.width, height: image.height };
  for (const [k, pixels] of (await readScanned(scan, numbers)).entries()) {
    resampler.resample(toPicture(pixels, image), whole, 1, tilePx, tilePx, tile);
    const left = (k % grid) * cellPx + (cellPx - tilePx) / 2;
    const top = Math.floor(k / grid) * cellPx + (cellPx - tilePx) / 2;
    for (let y = 0; y < tilePx; y++) for (let x = 0; x < tilePx; x++) data[(top + y) * side + left + x] = Math.round(tile[y * tilePx + x] as number);
  }
  const scores = new Float64Array(numbers.length);
  for (const { box, score } of await detector.detect({ width: side, height: side, channels: 1, data }, { threshold: lowestScore / 2 })) {
    if (box.width > widestBoxPx) continue;
    const column = Math.floor((box.x + box.width / 2) / cellPx);
    const k = Math.floor((box.y + box.height / 2) / cellPx) * grid + column;
    if (column >= 0 && column < grid && k >= 0 && k < scores.length) scores[k] = Math.max(scores[k] as number, score);
  }
  return scores;
}
