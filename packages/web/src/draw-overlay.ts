/** Boxes, labels and heat over a picture. */
import { stretched, whereItLooked, whyLabel, whyNot } from './explanation.ts';
import type { MienFace } from './messages.ts';

/** Told apart with any colour vision (Okabe & Ito 2008). */
const sure = '#009e73';
const doubtful = '#e69f00';

/**
 * Draws a map as heat over its square, clear where it is low, orange where it is high: what spoke for the label shown, or, where
 * `other` is another label, what spoke for the one and not for the other.
 */
function drawHeat(context: CanvasRenderingContext2D, { maps }: MienFace, label: number, other: number): void {
  const grid = maps && ((other >= 0 && other !== label ? whyNot(maps, label, other) : whyLabel(maps, label)) ?? whereItLooked(maps));
  if (!maps || !grid) return;
  const { width, height, values } = stretched(grid);
  const heat = new ImageData(width, height);
  for (const [i, v] of values.entries()) heat.data.set([255, 140, 0, 160 * v], i * 4);
  const small = new OffscreenCanvas(width, height);
  small.getContext('2d')?.putImageData(heat, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, maps.square.x, maps.square.y, maps.square.width, maps.square.height);
}

export interface OverlayOptions {
  /** The picture is shown as in a mirror; texts are not turned. */
  readonly mirrored?: boolean;
  /** A label: maps show why each face is not this. */
  readonly whyNot?: string | undefined;
}

/** Draws faces on a canvas that lies over a picture of the frame's size. */
export function drawOverlay(
  canvas: HTMLCanvasElement,
  faces: readonly MienFace[],
  frame: { readonly width: number; readonly height: number },
  labels: readonly string[],
  { mirrored = false, whyNot: other }: OverlayOptions = {},
): void {
  if (canvas.width !== frame.width || canvas.height !== frame.height) {
    canvas.width = frame.width;
    canvas.height = frame.height;
  }
  const context = canvas.getContext('2d');
  if (!context) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const unit = Math.max(frame.width, frame.height) / 640;
  context.lineWidth = 2 * unit;
  context.font = `600 ${Math.round(16 * unit)}px system-ui, sans-serif`;
  context.textBaseline = 'top';
  for (const face of faces) {
    if (face.unseenSeconds > 0) continue;
    const { box, expression, probabilities, unsure } = face;
    context.save();
    if (mirrored) context.setTransform(-1, 0, 0, 1, frame.width, 0);
    drawHeat(context, face, labels.indexOf(expression), other === undefined ? -1 : labels.indexOf(other));
    context.restore();
    const x = mirrored ? frame.width - box.x - box.width : box.x;
    context.strokeStyle = unsure ? doubtful : sure;
    context.strokeRect(x, box.y, box.width, box.height);
    const text = unsure ? `${expression}? not sure` : `${expression} ${Math.round(100 * probabilities[expression]!)} %`;
    const width = context.measureText(text).width + 8 * unit;
    const y = Math.max(0, box.y - 22 * unit);
    context.fillStyle = context.strokeStyle;
    context.fillRect(x, y, width, 22 * unit);
    context.fillStyle = '#000';
    context.fillText(text, x + 4 * unit, y + 3 * unit);
  }
}
