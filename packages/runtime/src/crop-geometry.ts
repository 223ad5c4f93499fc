/** Where a training crop lies relative to a detector's box. */
import type { Preprocessing } from './card.ts';
import type { Box } from './image.ts';
import { eyeRoll } from './landmarks/eye-roll.ts';

export type CropGeometry = Preprocessing['crop'];

/**
 * Where FER2013's crops lie around the default detector's box, measured by `build/measure-crop.ts` on 3000 Training
 * rows enlarged to 120 px. The default detector needs more of a head than these crops show and finds a face in only
 * 44 % of them, the looser ones (n = 876: scale 1.274 [1.205, 1.366]); so YuNet's boxes were taken, mapped to the
 * default detector's (see `detector/yunet.ts`). n = 2689, medians [quartiles]:
 *   scale 1.170 [1.077, 1.277] · shift x 0.006 [−0.021, 0.036] · shift y 0.021 [−0.005, 0.054].
 * x is set to 0: training mirrors its crops.
 */
export const ferCrop: CropGeometry = { scale: 1.17, shift: [0, 0.02], align: 'none', square: true };

/** The part of a picture that a network sees: a square, turned about its centre. */
export interface FaceSquare extends Box {
  /** Clockwise on the screen, radians: what runs along (cos roll, sin roll) in the picture lies level in the crop. Default 0. */
  readonly rollRad?: number;
}

/** The square turned so that the eyes among a face's points [68,2], found in this square, lie level; as it is where they cannot be told. */
export function levelSquare(square: Box, points: Float32Array): FaceSquare {
  const rollRad = eyeRoll(points, square.width);
  return rollRad === undefined ? square : { ...square, rollRad };
}

/** The square cut from a photograph for a detector's box: side = scale · √(width·height), centre moved by shift · side. */
export function cropSquare(box: Box, crop: CropGeometry): Box {
  const side = crop.scale * Math.sqrt(box.width * box.height);
  return {
    x: box.x + box.width / 2 + crop.shift[0] * side - side / 2,
    y: box.y + box.height / 2 + crop.shift[1] * side - side / 2,
    width: side,
    height: side,
  };
}

/** The largest centred square of a picture: what stands for the crop where no face is looked for. */
export function wholeSquare(image: { readonly width: number; readonly height: number }): Box {
  const side = Math.min(image.width, image.height);
  return { x: (image.width - side) / 2, y: (image.height - side) / 2, width: side, height: side };
}
