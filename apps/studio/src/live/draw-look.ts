/** Faces drawn over a frame: numbered boxes in the colour of their expression, and heat. */
import { drawHeat, heatOf, type MienFace } from '@mien/web';
import { percent } from '../format.ts';
import { expressionClass, placeOf } from '../photo/expression-class.ts';
import { expressionColour } from '../photo/expression-colour.ts';
import { strings } from '../strings.ts';
import type { Look } from './look.ts';

/** What the heat map shows: nothing, what speaks for the expression shown, for a label, or for the expression shown and against a label. */
export type Heat = { readonly kind: 'off' | 'shown' } | { readonly kind: 'why' | 'whyNot'; readonly label: string };

export const noHeat: Heat = { kind: 'off' };

export interface DrawOptions {
  /** The frame is shown as in a mirror; texts are not turned. */
  readonly mirrored: boolean;
  readonly heat: Heat;
  readonly labels: readonly string[];
}

function drawFaceHeat(context: CanvasRenderingContext2D, { maps, expression }: MienFace, heat: Heat, labels: readonly string[]): void {
  if (!maps || heat.kind === 'off') return;
  const shown = labels.indexOf(expression);
  const asked = 'label' in heat ? labels.indexOf(heat.label) : shown;
  const grid = heat.kind === 'whyNot' ? heatOf(maps, shown, asked) : heatOf(maps, asked);
  if (grid) drawHeat(context, maps.square, grid);
}

/** `Happy 93%`, or that it is not sure. */
export function faceWords({ expression, probabilities, unsure }: Pick<MienFace, 'expression' | 'probabilities' | 'unsure'>): string {
  const name = strings.expressions[expression] ?? expression;
  return unsure ? strings.live.unsure(name) : `${name} ${percent(probabilities[expression] ?? 0)}`;
}

function drawFace(context: CanvasRenderingContext2D, face: MienFace, left: number, unit: number): void {
  const { box, id } = face;
  const colour = expressionColour(expressionClass(face.expression, placeOf(face)));
  const path = new Path2D();
  path.roundRect(left, box.y, box.width, box.height, 6 * unit);
  // A dark rim, so that the box stands out on any picture.
  context.strokeStyle = 'rgb(0 0 0 / 65%)';
  context.lineWidth = 5 * unit;
  context.stroke(path);
  context.strokeStyle = colour.fill;
  context.lineWidth = 2.5 * unit;
  context.stroke(path);
  const text = `${id} ${faceWords(face)}`;
  const height = 24 * unit;
  const width = context.measureText(text).width + 14 * unit;
  const x = Math.max(0, Math.min(left, context.canvas.width - width));
  const y = box.y >= height ? box.y - height : Math.min(box.y + box.height, context.canvas.height - height);
  context.fillStyle = colour.fill;
  context.fillRect(x, y, width, height);
  context.fillStyle = colour.text;
  context.fillText(text, x + 7 * unit, y + height / 2);
}

/** Draws on a canvas of the frame's size; `picture`, when given, beneath the faces. */
export function drawLook(canvas: HTMLCanvasElement, { faces, frame }: Look, { mirrored, heat, labels }: DrawOptions, picture?: CanvasImageSource): void {
  if (canvas.width !== frame.width || canvas.height !== frame.height) Object.assign(canvas, { width: frame.width, height: frame.height });
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const seen = faces.filter(({ unseenSeconds }) => unseenSeconds === 0);
  context.save();
  if (mirrored) context.setTransform(-1, 0, 0, 1, frame.width, 0);
  if (picture) context.drawImage(picture, 0, 0, frame.width, frame.height);
  for (const face of seen) drawFaceHeat(context, face, heat, labels);
  context.restore();
  const unit = Math.max(frame.width, frame.height) / 640;
  context.font = `600 ${Math.round(15 * unit)}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  for (const face of seen) drawFace(context, face, mirrored ? frame.width - face.box.x - face.box.width : face.box.x, unit);
}
