import { expect, test } from 'vitest';
import { type LabelledBox, placeLabels } from './place-labels.ts';

function boxAt(x: number, y: number, side: number, number = 1): LabelledBox {
  return { box: { x, y, width: side, height: side }, number, name: 'Surprise' };
}

test('a label stands above its box, and below one at the top of the picture', () => {
  expect(placeLabels([boxAt(100, 100, 80)], 600, 400)).toEqual([{ place: 'above-left', named: true }]);
  expect(placeLabels([boxAt(100, 2, 80)], 600, 400)).toEqual([{ place: 'below-left', named: true }]);
});

test('at the right edge a label ends with its box', () => {
  expect(placeLabels([boxAt(560, 100, 38)], 600, 400)).toEqual([{ place: 'above-right', named: true }]);
});

test('a box that fills the picture carries its label inside', () => {
  expect(placeLabels([boxAt(0, 0, 400)], 400, 400)).toEqual([{ place: 'inside-left', named: true }]);
});

test('a label gives way to a neighbour, and loses its name where there is no room for it', () => {
  const [left, right] = placeLabels([boxAt(100, 100, 50), boxAt(160, 100, 50, 2)], 600, 400);
  expect(left).toEqual({ place: 'above-right', named: true });
  expect(right).toEqual({ place: 'above-left', named: true });
  const grid = Array.from({ length: 16 }, (_, i) => boxAt(20 + (i % 4) * 56, 40 + Math.floor(i / 4) * 56, 50, i + 1));
  const placed = placeLabels(grid, 300, 300);
  expect(placed).toHaveLength(16);
  expect(placed.filter(({ named }) => named)).toEqual([]);
});

test('no box, no label', () => {
  expect(placeLabels([], 600, 400)).toEqual([]);
});
