/** `data.changes`: which rows a csv takes out of a training or gives another label, and what it leaves alone. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '@mien/data';
import { describe, expect, it } from 'vitest';
import { temporaryDir, writeTinyStore } from '../test/tiny-store.ts';
import { checkRecipe } from './recipe.ts';
import type { RecipeInput } from './recipe-schema.ts';
import { chooseRows } from './rows.ts';

const recipe = (data: RecipeInput['data']) =>
  checkRecipe({ name: 'tiny', model: 'mien-net-small', epochs: 1, optimizer: { kind: 'sgd', learningRate: 0.1 }, data }, 'test');

function csv(...lines: string[]): string {
  const file = join(temporaryDir(), 'changes.csv');
  writeFileSync(file, ['source,split,row,action,to', ...lines, ''].join('\n'));
  return file;
}

const store = (): string => writeTinyStore(join(temporaryDir(), 'store'), { train: 70, val: 14 });
const choose = (data: string, changes: string[], validation: object = { split: 'val' }) =>
  chooseRows(recipe({ changes, validation } as RecipeInput['data']), data);

describe('data.changes', () => {
  it('drops and relabels rows trained on, the later file after the earlier, and leaves the store as it is', async () => {
    const data = store();
    const files = [csv('tiny,train,3,drop,', 'tiny,train,5,relabel,angry', 'tiny,train,6,keep,sad'), csv('tiny,train,5,relabel,happy')];
    const { train, trainRows, changes } = await choose(data, files);
    expect(trainRows).toHaveLength(69);
    expect(trainRows).not.toContain(3);
    const stored = await openStore(data);
    const before = (await stored.split('train')).labels;
    expect([...train.labels.keys()].filter((row) => train.labels[row] !== before[row])).toEqual([5]);
    expect(train.labelNames[train.labels[5]!]).toBe('happy');
    expect(changes).toHaveLength(2);
  });

  it('leaves rows alone that are held out to choose the epoch on', async () => {
    const data = store();
    const all = csv(...Array.from({ length: 70 }, (_, row) => `tiny,train,${row},relabel,neutral`));
    const { train, trainRows, validationRows } = await choose(data, [all], { fraction: 0.2 });
    const neutral = train.labelNames.indexOf('neutral');
    expect([...trainRows].every((row) => train.labels[row] === neutral)).toBe(true);
    expect([...validationRows].filter((row) => train.labels[row] === neutral).length).toBeLessThan(validationRows.length / 2);
  });

  it.each([
    ['tiny,train,3,move,val', /line 2.*mien data clean/],
    ['tiny,train,3,relabel,joy', /line 2.*expected a label of angry/],
    ['tiny,train,70,drop,', /line 2.*never held a row 70 of tiny\/train/],
    ['other,train,3,drop,', /line 2.*never held a row 3 of other\/train/],
  ])('refuses %s, naming the line', async (line, message) => {
    await expect(choose(store(), [csv(line)])).rejects.toThrow(message);
  });
});

describe('data.validation.fold', () => {
  it('holds every row out once, every class alike', async () => {
    const data = store();
    const seen = new Map<number, number>();
    for (let fold = 0; fold < 5; fold++) {
      const { trainRows, validationRows } = await chooseRows(recipe({ validation: { fold, folds: 5 } }), data);
      expect([trainRows.length, validationRows.length]).toEqual([56, 14]);
      for (const row of validationRows) {
        expect(trainRows).not.toContain(row);
        seen.set(row, (seen.get(row) ?? 0) + 1);
      }
    }
    expect([seen.size, ...new Set(seen.values())]).toEqual([70, 1]);
    await expect(chooseRows(recipe({ validation: { fold: 5, folds: 5 } }), data)).rejects.toThrow(/counted from 0/);
  });
});
