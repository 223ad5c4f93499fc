import { expressions } from '@mien/runtime';
import { expect, test } from 'vitest';
import { labelsOf, predictEntries, toCsv, toJson } from './export-results.ts';
import type { Picture, PictureState } from './picture-queue.ts';

const probabilities = Object.fromEntries(expressions.map((label) => [label, label === 'happy' ? 0.7 : 0.05]));
const face = { box: { x: 1.5, y: -2, width: 30, height: 40 }, detection: 0.9, expression: 'happy', probabilities, unsure: false };
const shown = { width: 640, height: 480, url: 'blob:x' };

function picture(name: string, state: PictureState): Picture {
  return { id: 1, name, file: new Blob(), wholeImage: false, shown, state };
}

const entries = predictEntries([
  picture('a, "b".jpg', { kind: 'done', model: 'first', faces: [face, face] }),
  picture('none.png', { kind: 'done', model: 'first', faces: [] }),
  picture('bad.txt', { kind: 'failed', code: 'unreadable-image', message: 'not a picture' }),
  picture('later.png', { kind: 'finding' }),
]);

test('an entry has the form of `mien predict --json` and names its model, and pictures still being read are left out', () => {
  expect(entries).toEqual([
    { file: 'a, "b".jpg', width: 640, height: 480, model: 'first', faces: [face, face] },
    { file: 'none.png', width: 640, height: 480, model: 'first', faces: [] },
    { file: 'bad.txt', error: { code: 'unreadable-image', message: 'not a picture' } },
  ]);
  expect(JSON.parse(toJson(entries))).toEqual(entries);
});

test('the CSV has one row a face, the same number of cells in each, and quotes where it must', () => {
  const lines = toCsv(entries, expressions).trimEnd().split('\r\n');
  expect(lines[0]).toBe(
    'file,width,height,face,x,y,box_width,box_height,detection,expression,angry,disgust,fear,happy,sad,surprise,neutral,error,unsure,model',
  );
  expect(lines[1]).toBe('"a, ""b"".jpg",640,480,1,1.5,-2,30,40,0.9,happy,0.05,0.05,0.05,0.7,0.05,0.05,0.05,,false,first');
  expect(lines[2]).toContain(',640,480,2,');
  expect(lines[3]).toBe('none.png,640,480,,,,,,,,,,,,,,,,,first');
  expect(lines[4]).toBe('bad.txt,,,,,,,,,,,,,,,,,unreadable-image,,');
  const commas = lines.map((line) => line.replace(/"[^"]*"/g, '').split(',').length);
  expect(new Set(commas)).toEqual(new Set([20]));
});

test('models of other labels stand beside each other: a label that a model lacks is empty, not nought', () => {
  const own = { ...face, expression: 'thinking', probabilities: { happy: 0.4, thinking: 0.6 }, unsure: true };
  const mixed = predictEntries([
    picture('a.jpg', { kind: 'done', model: 'first', faces: [face] }),
    picture('b.jpg', { kind: 'done', model: 'mine', faces: [own] }),
  ]);
  const labels = labelsOf(mixed);
  expect(labels).toEqual([...expressions, 'thinking']);
  const [, first, mine] = toCsv(mixed, labels).split('\r\n');
  expect(first).toBe('a.jpg,640,480,1,1.5,-2,30,40,0.9,happy,0.05,0.05,0.05,0.7,0.05,0.05,0.05,,,false,first');
  expect(mine).toBe('b.jpg,640,480,1,1.5,-2,30,40,0.9,thinking,,,,0.4,,,,0.6,,true,mine');
});
