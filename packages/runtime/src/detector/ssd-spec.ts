/** What the SSD detector's file says about itself, and how its outputs become boxes. */
import * as z from 'zod/mini';
import type { Detection } from './face-detector.ts';

export const ssdSpecSchema = z.object({
  kind: z.literal('ssd-mobilenet-v1'),
  /** Levels of the pyramid in the order of the outputs: distance of anchor centres, and [width, height] of the anchors at each. */
  levels: z.array(z.object({ stridePx: z.int().check(z.positive()), sizesPx: z.array(z.readonly(z.tuple([z.number(), z.number()]))) })),
  /** Encodings ty, tx, th, tw are divided by these. */
  boxScale: z.tuple([z.number(), z.number(), z.number(), z.number()]),
});
export type SsdSpec = z.infer<typeof ssdSpecSchema>;

/** Anchors of a level over a picture of `lengthPx`: the grid halves and rounds up from the stride of 32 pixels. */
export function cellsOf(lengthPx: number, stridePx: number): number {
  return Math.ceil(lengthPx / stridePx);
}

/**
 * Boxes with score ≥ `threshold`, in pixels of the network's input of heightPx×widthPx:
 * centre = anchor centre + t/10 · anchor size, size = anchor size · exp(t/5) (Liu et al. 2016, eq. 2).
 */
export function decodeSsd(boxes: Float32Array, scores: Float32Array, heightPx: number, widthPx: number, threshold: number, spec: SsdSpec): Detection[] {
  const found: Detection[] = [];
  const [yScale, xScale, heightScale, widthScale] = spec.boxScale;
  let row = 0;
  for (const { stridePx, sizesPx } of spec.levels) {
    const rows = cellsOf(heightPx, stridePx);
    const columns = cellsOf(widthPx, stridePx);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        for (let a = 0; a < sizesPx.length; a++, row++) {
          const score = scores[row]!;
          if (!(score >= threshold)) continue;
          const [anchorWidth, anchorHeight] = sizesPx[a]!;
          const width = anchorWidth * Math.exp(boxes[row * 4 + 3]! / widthScale);
          const height = anchorHeight * Math.exp(boxes[row * 4 + 2]! / heightScale);
          const centreX = (x + 0.5) * stridePx + (boxes[row * 4 + 1]! / xScale) * anchorWidth;
          const centreY = (y + 0.5) * stridePx + (boxes[row * 4]! / yScale) * anchorHeight;
          found.push({ box: { x: centreX - width / 2, y: centreY - height / 2, width, height }, score });
        }
      }
    }
  }
  if (row !== scores.length) throw new RangeError(`SSD detector: ${scores.length} scores for a ${widthPx}×${heightPx} input, its anchors are ${row}`);
  return found;
}
