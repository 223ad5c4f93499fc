import { expect, test } from 'vitest';
import { intersection, iou, suppressNonMaxima } from './non-maximum-suppression.ts';

const box = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });

test('intersection and IoU of boxes that overlap, touch, or have no area', () => {
  expect(intersection(box(0, 0, 10, 10), box(5, 5, 10, 10))).toBe(25);
  expect(iou(box(0, 0, 10, 10), box(5, 5, 10, 10))).toBeCloseTo(25 / 175, 12);
  expect(iou(box(0, 0, 10, 10), box(0, 0, 10, 10))).toBe(1);
  expect(iou(box(0, 0, 10, 10), box(10, 0, 10, 10))).toBe(0);
  expect(iou(box(0, 0, 0, 0), box(0, 0, 0, 0))).toBe(0);
});

test('keeps the best of each heap, highest score first, whatever the order given', () => {
  const weak = { box: box(1, 0, 10, 10), score: 0.6 };
  const strong = { box: box(0, 0, 10, 10), score: 0.9 };
  const apart = { box: box(30, 0, 10, 10), score: 0.7 };
  expect(suppressNonMaxima([weak, apart, strong], 0.4)).toEqual([strong, apart]);
  expect(suppressNonMaxima([], 0.4)).toEqual([]);
});

test('a box inside another goes only when containment is limited', () => {
  const face = { box: box(0, 0, 100, 100), score: 0.9 };
  const nose = { box: box(40, 40, 20, 20), score: 0.8 };
  expect(suppressNonMaxima([face, nose], 0.4)).toEqual([face, nose]);
  expect(suppressNonMaxima([face, nose], 0.4, 0.7)).toEqual([face]);
});

test('suppression does not chain: what a dropped box overlapped stays', () => {
  const a = { box: box(0, 0, 10, 10), score: 0.9 };
  const b = { box: box(4, 0, 10, 10), score: 0.8 };
  const c = { box: box(8, 0, 10, 10), score: 0.7 };
  expect(suppressNonMaxima([a, b, c], 0.4)).toEqual([a, c]);
});
