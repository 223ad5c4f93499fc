import type { Recognition } from '@mien/runtime';
import { expect, it } from 'vitest';
import { type CollectedFrame, Collector, ofOneFace } from './collector.ts';

const frame = (face: number): CollectedFrame => ({ face, recognition: {} as Recognition });

it('of faces that take turns at being the largest, the one gathered most often counts', () => {
  const frames = [1, 2, 1, 3, 2, 1].map(frame);
  expect(ofOneFace(frames)).toEqual([frames[0], frames[2], frames[5]]);
});

it('of equals, the one seen last', () => {
  expect(ofOneFace([1, 2, 2, 1].map(frame)).map(({ face }) => face)).toEqual([1, 1]);
  expect(ofOneFace([2, 1, 1, 2].map(frame)).map(({ face }) => face)).toEqual([2, 2]);
});

it('nothing gathered is nothing', () => {
  expect(ofOneFace([])).toEqual([]);
});

it('given up, it says why, once, and gathers no more', () => {
  const heard: string[] = [];
  const collector = new Collector({
    seconds: 1,
    face: undefined,
    onProgress: () => {},
    onDone: () => heard.push('done'),
    onGivenUp: ({ message }) => heard.push(message),
  });
  collector.add([], 0);
  collector.giveUp(new Error('stopped'));
  collector.giveUp(new Error('stopped again'));
  for (let time = 0; time < 20; time++) collector.add([], time);
  expect(heard).toEqual(['stopped']);
  expect(collector.done).toBe(true);
});
