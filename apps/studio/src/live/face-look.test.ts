import { expect, test } from 'vitest';
import { faceLook } from './face-look.ts';

test('a face keeps its look, and the first 35 faces differ in theirs', () => {
  expect(faceLook(3)).toEqual(faceLook(3));
  const looks = Array.from({ length: 35 }, (_, i) => JSON.stringify(faceLook(i + 1)));
  expect(new Set(looks).size).toBe(35);
  for (let id = 1; id < 35; id++) {
    expect(faceLook(id).colour).not.toBe(faceLook(id + 1).colour);
    expect(faceLook(id).shape).not.toBe(faceLook(id + 1).shape);
  }
});
