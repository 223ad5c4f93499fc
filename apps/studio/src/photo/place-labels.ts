/** Where the label of each box goes, so that labels hide neither each other nor another face. */
import type { Box } from '@mien/runtime';

/** Relative to its box: outside above or below it, or inside at its top; starting at its left or ending at its right edge. */
export type LabelPlace = 'above-left' | 'above-right' | 'below-left' | 'below-right' | 'inside-left' | 'inside-right';

export interface PlacedLabel {
  readonly place: LabelPlace;
  /** Whether there is room for the expression's name; otherwise the number stands alone. */
  readonly named: boolean;
}

export interface LabelledBox {
  /** In pixels of the screen, from the picture's corner. */
  readonly box: Box;
  readonly number: number;
  readonly name: string;
}

const places: readonly LabelPlace[] = ['above-left', 'above-right', 'below-left', 'below-right', 'inside-left', 'inside-right'];

/** Measured on the style in `styles/faces.css`, rounded up. */
const label = { heightPx: 24, paddingPx: 14, digitPx: 9, gapPx: 6, letterPx: 8.5 };

function widthPx({ number, name }: LabelledBox, named: boolean): number {
  const text = named ? label.gapPx + name.length * label.letterPx : 0;
  return label.paddingPx + String(number).length * label.digitPx + text;
}

function rectangle({ box }: LabelledBox, place: LabelPlace, width: number): Box {
  const [vertical, horizontal] = place.split('-');
  const x = horizontal === 'left' ? box.x : box.x + box.width - width;
  const y = vertical === 'above' ? box.y - label.heightPx : vertical === 'below' ? box.y + box.height : box.y;
  return { x, y, width, height: label.heightPx };
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/**
 * One place a box, in the boxes' order. `width` × `height`: the picture on the screen, in pixels. A number for which
 * no place is free goes above its box, or inside where that would leave the picture.
 */
export function placeLabels(boxes: readonly LabelledBox[], width: number, height: number): PlacedLabel[] {
  const taken: Box[] = [];
  const free = (own: LabelledBox, at: Box): boolean =>
    at.x >= -1 && at.y >= -1 && at.x + at.width <= width + 1 && at.y + at.height <= height + 1 && !taken.some((other) => overlap(at, other)) && !boxes.some((other) => other !== own && overlap(at, other.box));
  return boxes.map((own) => {
    for (const named of [true, false]) {
      for (const place of places) {
        // A name inside a box narrower than itself would hide the face.
        if (named && place.startsWith('inside') && own.box.width < 1.5 * widthPx(own, true)) continue;
        const at = rectangle(own, place, widthPx(own, named));
        if (!free(own, at)) continue;
        taken.push(at);
        return { place, named };
      }
    }
    return { place: own.box.y < label.heightPx ? 'inside-left' : 'above-left', named: false };
  });
}
