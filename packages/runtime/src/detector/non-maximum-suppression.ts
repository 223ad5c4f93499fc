/** Keeps one box for each face. */
import type { Box } from '../image.ts';
import type { Detection } from './face-detector.ts';

export function intersection(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(width, 0) * Math.max(height, 0);
}

/** Intersection over union, 0…1; 0 when either box has no area. */
export function iou(a: Box, b: Box): number {
  const shared = intersection(a, b);
  return shared > 0 ? shared / (a.width * a.height + b.width * b.height - shared) : 0;
}

/**
 * Greedy non-maximum suppression, highest score first. A box is dropped when it overlaps a kept one by more than
 * `maxIou`, or when more than `maxContained` of the smaller of the two lies inside the other (a face found inside
 * a face by another scale of the pyramid; 1 switches this off). The order of equal scores is kept.
 */
export function suppressNonMaxima(detections: readonly Detection[], maxIou: number, maxContained = 1): Detection[] {
  const kept: Detection[] = [];
  for (const candidate of [...detections].sort((a, b) => b.score - a.score)) {
    const area = candidate.box.width * candidate.box.height;
    const repeats = kept.some(({ box }) => {
      const shared = intersection(box, candidate.box);
      if (shared <= 0) return false;
      const other = box.width * box.height;
      return shared > maxIou * (area + other - shared) || shared > maxContained * Math.min(area, other);
    });
    if (!repeats) kept.push(candidate);
  }
  return kept;
}
