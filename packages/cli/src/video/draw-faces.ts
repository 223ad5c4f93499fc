/** Boxes, labels and bars drawn into the pixels of a frame. */
import type { LiveFace } from '@mien/live';
import { eachDot, glyphAdvance, glyphHeight } from './bitmap-font.ts';
import type { VideoFrame } from './read-frames.ts';

type Colour = readonly [number, number, number];

/** Told apart with any colour vision (Okabe & Ito 2008). */
const sure: Colour = [0, 158, 115];
const doubtful: Colour = [230, 159, 0];
const ink: Colour = [0, 0, 0];

/** Fills the part of a rectangle that lies within the picture; whole pixels. */
function fill({ width, height, data }: VideoFrame['image'], x: number, y: number, w: number, h: number, colour: Colour): void {
  const left = Math.max(0, Math.round(x));
  const right = Math.min(width, Math.round(x + w));
  for (let row = Math.max(0, Math.round(y)); row < Math.min(height, Math.round(y + h)); row++) {
    for (let column = left; column < right; column++) data.set(colour, (row * width + column) * 3);
  }
}

/** Draws each face with its box, id, label and probability; orange and a question mark where the model is unsure. Changes the frame's pixels. */
export function drawFaces(image: VideoFrame['image'], faces: readonly LiveFace[]): void {
  const unit = Math.max(1, Math.round(Math.max(image.width, image.height) / 640));
  for (const { id, box, expression, probabilities, unsure } of faces) {
    const colour = unsure ? doubtful : sure;
    const line = 2 * unit;
    fill(image, box.x, box.y, box.width, line, colour);
    fill(image, box.x, box.y + box.height - line, box.width, line, colour);
    fill(image, box.x, box.y, line, box.height, colour);
    fill(image, box.x + box.width - line, box.y, line, box.height, colour);
    const text = `${id} ${expression}${unsure ? '?' : ''} ${Math.round(100 * probabilities[expression]!)}%`;
    const dot = 2 * unit;
    const width = (text.length * glyphAdvance + 1) * dot;
    const height = (glyphHeight + 2) * dot;
    const x = Math.min(Math.max(0, Math.round(box.x)), Math.max(0, image.width - width));
    const above = Math.round(box.y) - height;
    const y = above >= 0 ? above : Math.min(Math.max(0, Math.round(box.y + box.height)), image.height - height);
    fill(image, x, y, width, height, colour);
    eachDot(text, (column, row) => fill(image, x + (column + 1) * dot, y + (row + 1) * dot, dot, dot, ink));
  }
}
