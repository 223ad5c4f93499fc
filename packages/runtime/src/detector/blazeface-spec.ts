/** What the BlazeFace file says about itself, and how its outputs become boxes. */
import * as z from 'zod/mini';
import type { Detection } from './face-detector.ts';
import { iou } from './non-maximum-suppression.ts';

export const blazefaceKind = 'blazeface';
/** Box centre x, y, width, height, then x, y of six points. */
export const valuesPerAnchor = 16;

export const blazefaceSpecSchema = z.object({
  kind: z.literal(blazefaceKind),
  /** Levels in the order of the outputs: distance of anchor centres, and anchors at each. */
  levels: z.array(z.object({ stridePx: z.int().check(z.positive()), anchors: z.int().check(z.positive()) })),
});
export type BlazefaceSpec = z.infer<typeof blazefaceSpecSchema>;

/** A face as the network gives it, in pixels of its input: BlazeFace's own box, and eye, eye, nose tip, mouth, ear, ear. */
export interface BlazefaceFace extends Detection {
  readonly landmarks: readonly (readonly [number, number])[];
}

/**
 * Faces of input n of a batch with score ≥ `threshold`, in pixels of the network's input of heightPx×widthPx.
 * Faces found by several anchors are not yet joined: see `blendOverlapping`.
 */
export function decodeBlazeface(
  scores: Float32Array,
  anchors: Float32Array,
  n: number,
  heightPx: number,
  widthPx: number,
  threshold: number,
  spec: BlazefaceSpec,
): BlazefaceFace[] {
  const found: BlazefaceFace[] = [];
  const rowsEach = spec.levels.reduce((sum, level) => sum + (heightPx / level.stridePx) * (widthPx / level.stridePx) * level.anchors, 0);
  if (scores.length < (n + 1) * rowsEach)
    throw new RangeError(`BlazeFace: ${scores.length} scores for input ${n} of ${widthPx}×${heightPx}, its anchors are ${rowsEach}`);
  let row = n * rowsEach;
  for (const { stridePx, anchors: each } of spec.levels) {
    for (let cellY = 0; cellY < heightPx / stridePx; cellY++) {
      for (let cellX = 0; cellX < widthPx / stridePx; cellX++) {
        for (let a = 0; a < each; a++, row++) {
          const score = scores[row]!;
          if (!(score >= threshold)) continue;
          const at = row * valuesPerAnchor;
          const anchorX = (cellX + 0.5) * stridePx;
          const anchorY = (cellY + 0.5) * stridePx;
          const width = anchors[at + 2]!;
          const height = anchors[at + 3]!;
          const box = { x: anchorX + anchors[at]! - width / 2, y: anchorY + anchors[at + 1]! - height / 2, width, height };
          const landmarks = [0, 1, 2, 3, 4, 5].map((p) => [anchorX + anchors[at + 4 + 2 * p]!, anchorY + anchors[at + 5 + 2 * p]!] as const);
          found.push({ box, score, landmarks });
        }
      }
    }
  }
  return found;
}

/**
 * Joins the boxes of one face into their mean, weighted by score (Bazarevsky et al. 2019, section 3.4): steadier from frame to
 * frame than the best box alone. The score is the best one's. Highest score first.
 */
export function blendOverlapping(faces: readonly BlazefaceFace[], minIou: number): BlazefaceFace[] {
  const rest = [...faces].sort((a, b) => b.score - a.score);
  const blended: BlazefaceFace[] = [];
  while (rest.length > 0) {
    const best = rest[0]!;
    const group = rest.filter((face) => face === best || iou(best.box, face.box) >= minIou);
    const weight = group.reduce((sum, { score }) => sum + score, 0);
    const mean = (of: (face: BlazefaceFace) => number): number => group.reduce((sum, face) => sum + face.score * of(face), 0) / weight;
    blended.push({
      score: best.score,
      box: { x: mean(({ box }) => box.x), y: mean(({ box }) => box.y), width: mean(({ box }) => box.width), height: mean(({ box }) => box.height) },
      landmarks: best.landmarks.map((_, p) => [mean((face) => face.landmarks[p]![0]), mean((face) => face.landmarks[p]![1])] as const),
    });
    for (const face of group) rest.splice(rest.indexOf(face), 1);
  }
  return blended;
}
