import type { LabelRow } from '@mien/server/api';
import { expect, test } from 'vitest';
import { actionOf } from './label-keys.ts';

const labels = ['happy', 'sad'];
const labelled: LabelRow = { id: 4, split: 'train', label: 'sad', guess: 'happy', confidence: 0.8 };
const { label: _label, ...unlabelled } = labelled;

/** What pressing `key` does to `row`; undefined where it does nothing. */
async function press(key: string, row: LabelRow | undefined): Promise<unknown> {
  const done: unknown[] = [];
  const session = {
    decide: async (decision: unknown) => void done.push(decision),
    skip: async () => void done.push('skip'),
    undo: async () => void done.push('undo'),
  };
  await actionOf(key, session, { labels }, row)?.();
  expect(done.length).toBeLessThan(2);
  return done[0];
}

test('a label’s key gives it; the one the row has is kept', async () => {
  expect(await press('1', labelled)).toEqual({ action: 'relabel', to: 'happy' });
  expect(await press('2', labelled)).toEqual({ action: 'keep' });
  expect(await press('3', labelled)).toBeUndefined();
});

test('Enter keeps the label; where there is none it says yes to the guess, and nothing where there is no guess', async () => {
  expect(await press('Enter', labelled)).toEqual({ action: 'keep' });
  expect(await press('Enter', unlabelled)).toEqual({ action: 'relabel', to: 'happy' });
  const { guess: _guess, ...bare } = unlabelled;
  expect(await press('Enter', bare)).toBeUndefined();
  expect(await press('g', bare)).toBeUndefined();
});

test('g, x, s and z; without a row only the last decision can be taken back', async () => {
  expect(await Promise.all(['g', 'x', 's', 'z', 'Backspace', 'q'].map((key) => press(key, labelled)))).toEqual([
    { action: 'relabel', to: 'happy' },
    { action: 'drop' },
    'skip',
    'undo',
    'undo',
    undefined,
  ]);
  expect(await Promise.all(['Enter', '1', 'g', 'x', 's', 'z'].map((key) => press(key, undefined)))).toEqual([...new Array(5).fill(undefined), 'undo']);
});
