/** The maps of one face, and the square of the frame they lie over. */
import { type Box, cropSquare, type ModelCard, type Recognition } from '@mien/runtime';
import type { MienFace } from '../messages.ts';
import { activationOutput, attentionOutput } from '../model/tap-model.ts';

/** `box` in pixels of the frame. Undefined where the network gives no maps, or the face was not looked at. */
export function mapsOf(recognition: Recognition | undefined, box: Box, card: ModelCard): MienFace['maps'] {
  const activation = recognition?.extra?.[activationOutput];
  const attention = recognition?.extra?.[attentionOutput];
  if (!activation && !attention) return undefined;
  return { ...(activation ? { activation } : {}), ...(attention ? { attention } : {}), square: seenSquare(box, card) };
}

/** The square the network sees: the crop, less what its centre leaves out. */
function seenSquare(box: Box, { preprocessing: { crop, resizeTo, input } }: ModelCard): Box {
  const square = cropSquare(box, crop);
  const width = (square.width * input.shape[2]) / resizeTo[1];
  const height = (square.height * input.shape[1]) / resizeTo[0];
  return { x: square.x + (square.width - width) / 2, y: square.y + (square.height - height) / 2, width, height };
}
