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

/** Measured on the styles in `styles/marked-picture.css`, rounded up; a number that stands alone is set smaller. */
const named = { heightPx: 24, paddingPx: 14, digitPx: 9, gapPx: 6, letterPx: 8.5 };
const alone = { heightPx: 19, paddingPx: 10, digitPx: 8 };

type Candidate = PlacedLabel & { readonly at: Box };

function candidate({ box, number, name }: LabelledBox, place: LabelPlace, withName: boolean): Candidate {
  const { heightPx, paddingPx, digitPx } = withName ? named : alone;
  const widthPx = paddingPx + String(number).length * digitPx + (withName ? named.gapPx + name.length * named.letterPx : 0);
  const [vertical, horizontal] = place.split('-');
  const x = horizontal === 'left' ? box.x : box.x + box.width - widthPx;
  const y = vertical === 'above' ? box.y - heightPx : vertical === 'below' ? box.y + box.height : box.y;
  return { place, named: withName, at: { x, y, width: widthPx, height: heightPx } };
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/**
 * One place a box, in the boxes' order. `width` × `height`: the picture on the screen, in pixels. Numbers come first,
 * then names where there is room; a picture with room for fewer than half of the names shows none. A number for which
 * no place is free goes above its box, or inside where that would leave the picture.
 */
export function placeLabels(boxes: readonly LabelledBox[], width: number, height: number): PlacedLabel[] {
  const placed = new Map<LabelledBox, Candidate>();
  const isFree = (own: LabelledBox, { at }: Candidate): boolean => {
    if (at.x < -1 || at.y < -1 || at.x + at.width > width + 1 || at.y + at.height > height + 1) return false;
    return boxes.every((other) => other === own || !(overlap(at, other.box) || (placed.has(other) && overlap(at, placed.get(other)!.at))));
  };
  const firstFree = (own: LabelledBox, withName: boolean): Candidate | undefined =>
    places
      .map((place) => candidate(own, place, withName))
      // Inside a box not much wider than itself, a name would hide the face.
      .find((each) => !(withName && each.place.startsWith('inside') && own.box.width < 1.5 * each.at.width) && isFree(own, each));

  for (const own of boxes) placed.set(own, firstFree(own, false) ?? candidate(own, own.box.y < alone.heightPx ? 'inside-left' : 'above-left', false));
  const numbers = [...placed.values()];
  for (const own of boxes) placed.set(own, firstFree(own, true) ?? placed.get(own)!);
  const names = [...placed.values()];
  const shown = names.filter((each) => each.named).length * 2 < names.length ? numbers : names;
  return shown.map(({ place, named: withName }) => ({ place, named: withName }));
}
