import type { ModelCard } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { caveatOf, withNote } from './card-figures.ts';
import { headsOfCard, withMainHead } from './card-heads.ts';

const training = { data: 'fer2013', split: 'train', rows: 1, chosenOn: 'split public', recipe: 'r', seed: 1, epochs: 1 };
const figure = { metric: 'accuracy', dataset: 'fer2013', split: 'public', n: 10, value: 0.5 };
const card = {
  labels: ['a', 'b'],
  output: { name: 'logits', temperature: 2 },
  otherHeads: [{ name: 'votes', labels: ['a', 'b', 'c'], output: { name: 'votes', temperature: 3 } }],
  training,
  figures: [figure],
} as unknown as ModelCard;

describe('caveatOf', () => {
  const of = (changes: Partial<typeof training>, dataset: string, split: string) =>
    caveatOf({ ...card, training: { ...training, ...changes } }, dataset, split);

  it('tells rows that were learned from and rows that were chosen on from others', () => {
    expect(of({}, 'fer2013', 'train')).toBe('rows the model was trained on');
    expect(of({}, 'fer2013', 'public')).toBe('rows the epoch was chosen on');
    expect(of({}, 'fer2013', 'private')).toBeUndefined();
    expect(of({}, 'raf-db', 'train')).toBeUndefined();
    expect(of({ chosenOn: '10 % of split train, held out' }, 'fer2013', 'public')).toBeUndefined();
  });

  it('reads what an ensemble and a fitted temperature leave there', () => {
    expect(of({ data: 'raf-db + fer2013', chosenOn: 'split val + split public' }, 'fer2013', 'public')).toBe('rows the epoch was chosen on');
    expect(of({ chosenOn: 'split public; temperature 1.2 fitted on fer2013 held, n 3' }, 'fer2013', 'public')).toBe('rows the epoch was chosen on');
  });
});

describe('heads of a card', () => {
  it('are named, the main one first', () => {
    expect(headsOfCard(card)).toEqual([
      { name: 'expression', labels: ['a', 'b'], output: 'logits', temperature: 2 },
      { name: 'votes', labels: ['a', 'b', 'c'], output: 'votes', temperature: 3 },
    ]);
  });

  it('change places and back; figures say which head they are of', () => {
    const voted = withMainHead(card, 'votes', 'm.onnx');
    expect(voted).toMatchObject({
      labels: ['a', 'b', 'c'],
      output: { name: 'votes', temperature: 3 },
      otherHeads: [{ name: 'expression', labels: ['a', 'b'] }],
    });
    expect(voted.figures[0]).toMatchObject({ head: 'expression' });
    expect(headsOfCard(withMainHead(voted, 'expression', 'm.onnx'))).toEqual(headsOfCard(card));
    expect(withMainHead(card, 'expression', 'm.onnx')).toBe(card);
    expect(() => withMainHead(card, 'age', 'm.onnx')).toThrow('m.onnx: the model has no head age; it has expression, votes');
  });
});

it('withNote adds to a note that is there', () => {
  expect(withNote([figure, { ...figure, note: 'x' }], 'y').map(({ note }) => note)).toEqual(['y', 'x; y']);
});
