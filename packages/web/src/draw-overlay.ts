/** Boxes, labels and heat over a picture. */
import { drawHeat, heatOf } from './draw-heat.ts';
import type { MienFace } from './messages.ts';

/** Told apart with any colour vision (Okabe & Ito 2008). */
const sure = '#009e73';
const doubtful = '#e69f00';

export interface OverlayOptions {
  /** The picture is shown as in a mirror; texts are not turned. */
  readonly mirrored?: boolean;
  /** A label: maps show why each face is not this, orange what speaks for the label shown, blue what speaks for this one. */
  readonly whyNot?: string | undefined;
  /** What stands above each face; default: `describeFace`. */
  readonly describe?: ((face: MienFace) => string) | undefined;
}

/** A face's label in English, as in "happy 93 %" and, below the model's threshold, "sad? not sure". */
export function describeFace({ expression, probabilities, unsure }: MienFace): string {
  return unsure ? `${expression}? not sure` : `${expression} ${Math.round(100 * probabilities[expression]!)} %`;
}

/** Draws faces on a canvas that lies over a picture of the frame's size. */
export function drawOverlay(
  canvas: HTMLCanvasElement,
  faces: readonly MienFace[],
  frame: { readonly width: number; readonly height: number },
  labels: readonly string[],
  { mirrored = false, whyNot: other, describe = describeFace }: OverlayOptions = {},
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
  const against = other === undefined ? -1 : labels.indexOf(other);
  for (const face of faces) {
    if (face.unseenSeconds > 0) continue;
    const { box, expression, unsure } = face;
    context.save();
    if (mirrored) context.setTransform(-1, 0, 0, 1, frame.width, 0);
    const heat = face.maps && heatOf(face.maps, labels.indexOf(expression), against < 0 ? undefined : against);
    if (face.maps && heat) drawHeat(context, face.maps.square, heat);
    context.restore();
    const x = mirrored ? frame.width - box.x - box.width : box.x;
    context.strokeStyle = unsure ? doubtful : sure;
    context.strokeRect(x, box.y, box.width, box.height);
    const text = describe(face);
    const width = context.measureText(text).width + 8 * unit;
    const y = Math.max(0, box.y - 22 * unit);
    context.fillStyle = context.strokeStyle;
    context.fillRect(x, y, width, 22 * unit);
    context.fillStyle = '#000';
    context.fillText(text, x + 4 * unit, y + 3 * unit);
  }
}
