/** A map as heat over a face. */
import type { Box } from '@mien/runtime';
import { balanced, type FaceMaps, type MapGrid, stretched, whereItLooked, whyLabel, whyNot } from './explanation.ts';

/** Told apart with any colour vision. */
const forIt = [255, 120, 0] as const;
const against = [0, 114, 178] as const;
/** Of 255, so that the face can be seen through it. */
const strongest = 170;

/**
 * What to draw: what speaks for `label`, or, with `other`, what speaks for the one and what for the other. Undefined where the
 * network gives no such map, or the two are one label. Places of labels are those of the card.
 */
export function heatOf(maps: FaceMaps, label: number, other?: number): MapGrid | undefined {
  if (other === label) return undefined;
  if (other !== undefined) {
    const grid = whyNot(maps, label, other);
    return grid && balanced(grid);
  }
  const grid = whyLabel(maps, label) ?? whereItLooked(maps);
  return grid && stretched(grid);
}

/** Draws values in −1…1 over `square`: orange above 0, blue below, clear at 0. */
export function drawHeat(context: CanvasRenderingContext2D, square: Box, { width, height, values }: MapGrid): void {
  const pixels = new ImageData(width, height);
  for (const [i, value] of values.entries()) pixels.data.set([...(value < 0 ? against : forIt), strongest * Math.abs(value)], i * 4);
  const small = new OffscreenCanvas(width, height);
  small.getContext('2d')?.putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, square.x, square.y, square.width, square.height);
}
