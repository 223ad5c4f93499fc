import { expect, test } from 'vitest';
import { differences, flatten } from './recipe-fields.ts';

test('a recipe is flattened to its leaves, lists by place, empty ones and null as values', () => {
  expect(flatten({ name: 'a', stages: [{ batch: 64, freeze: [] }], init: null })).toEqual([
    ['name', 'a'],
    ['stages.0.batch', '64'],
    ['stages.0.freeze', '–'],
    ['init', 'null'],
  ]);
});

test('only what is not the same in all of them differs, also what one does not have', () => {
  const of = (value: unknown) => new Map(flatten(value));
  expect(differences([of({ a: 1, b: 2 }), of({ a: 1, b: 3 }), of({ a: 1, b: 2, c: 4 })])).toEqual(['b', 'c']);
  expect(differences([of({ a: 1 }), of({ a: 1 })])).toEqual([]);
});
