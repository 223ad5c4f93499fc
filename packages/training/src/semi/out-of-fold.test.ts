/** Out-of-fold probabilities from end to end: made, and read by the doctor. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, readProbabilities } from '@mien/data';
import { checkRecipe, outOfFold, type TrainEvent } from '@mien/training';
import { expect, it } from 'vitest';
import { temporaryDir, writeTinyStore } from '../../test/tiny-store.ts';

it('judges every row once by a model that has not learnt it, in the form the doctor reads; called again, trains nothing', async () => {
  const data = writeTinyStore(join(temporaryDir(), 'store'), { train: 42, val: 7 });
  const recipe = checkRecipe(
    {
      name: 'tiny',
      model: 'mien-net-small',
      modelOptions: { widths: '16', depths: '1', stem: 16 },
      epochs: 1,
      batch: 8,
      optimizer: { kind: 'sgd', learningRate: 0.02 },
    },
    'test',
  );
  const out = join(temporaryDir(), 'folds');
  const run = async () => {
    const events: TrainEvent[] = [];
    return { csv: (await outOfFold({ recipe, data, folds: 2, out, threads: 1, onEvent: (event) => events.push(event) }))!, events };
  };
  const { csv, events } = await run();
  expect(events.filter(({ type }) => type === 'done')).toHaveLength(2);
  const store = await openStore(data);
  const given = (await readProbabilities(csv, store)).get('train')!;
  for (let row = 0; row < 42; row++) expect(given.subarray(row * 7, row * 7 + 7).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 3);
  const text = readFileSync(csv, 'utf8');
  const again = await run();
  expect(again.events.filter(({ type }) => type === 'step')).toEqual([]);
  expect(readFileSync(csv, 'utf8')).toBe(text);
});
