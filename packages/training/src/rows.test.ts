/** Which rows a recipe learns from, chooses on and leaves alone. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, StoreWriter } from '@mien/data';
import { expect, it } from 'vitest';
import { temporaryDir } from '../test/tiny-store.ts';
import { tinyRecipe } from '../test/tiny-model.ts';
import { checkRecipe } from './recipe.ts';
import { chooseRows } from './rows.ts';

/** Ten people of six faces each, of which one has no label, and four faces of nobody known; three more of each and ten of nobody in a split without labels. */
function people(): string {
  const out = join(temporaryDir(), 'people');
  const image = { layout: 'fixed', channels: 1, height: 8, width: 8 } as const;
  const writer = new StoreWriter({ out, name: 'people', form: 'test', file: 'none', image, labels: ['angry', 'happy'], subjects: true });
  for (let row = 0; row < 64; row++) {
    const label = row % 6 === 5 && row < 60 ? 255 : row % 2;
    writer.append({ split: 'train', label, image: new Uint8Array(64).fill(row), ...(row < 60 ? { subject: `s${Math.floor(row / 6)}` } : {}) });
  }
  for (let row = 0; row < 40; row++) {
    writer.append({ split: 'unlabelled', label: 255, image: new Uint8Array(64).fill(row), ...(row < 30 ? { subject: `s${row % 10}` } : {}) });
  }
  for (let row = 0; row < 4; row++) writer.append({ split: 'val', label: row % 2, image: new Uint8Array(64), subject: `s${row % 2}` });
  writer.finish();
  return out;
}

it.each([{}, { labelled: 0.6 }, { apart: { fold: 1, folds: 4 } }])('nobody who is chosen on is learnt from, with or without labels: %j', async (changes) => {
  const data = people();
  const fields = { ...tinyRecipe, epochs: 1, optimizer: { kind: 'sgd', learningRate: 0.01 }, data: { validation: { fraction: 0.3 }, ...changes } };
  const { train, trainRows, validationRows, unlabelledRows, apartRows, close } = await chooseRows(checkRecipe(fields, 'test'), data);
  const store = await openStore(data);
  const { subject } = (await (await store.split('train')).readSubjects())!;
  const peopleOf = (rows: Uint32Array): Set<number> => new Set([...rows].map((row) => subject[row]!).filter((person) => person > 0));
  expect(validationRows.length).toBeGreaterThan(3);
  expect(trainRows.length).toBeGreaterThan(validationRows.length);
  const learnt = peopleOf(Uint32Array.from([...trainRows, ...unlabelledRows]));
  for (const measured of [validationRows, apartRows]) for (const person of peopleOf(measured)) expect(learnt.has(person)).toBe(false);
  expect(train.count).toBe(64);
  await close();
  await store.close();
});

it.each([{ fraction: 0.3 }, { split: 'val' }, { fold: 0, folds: 4 }])('nor from another split without labels: %j', async (validation) => {
  const data = people();
  const fields = { ...tinyRecipe, epochs: 1, optimizer: { kind: 'sgd', learningRate: 0.01 }, data: { validation, unlabelled: 'unlabelled' } };
  const rows = await chooseRows(checkRecipe(fields, 'test'), data);
  const all = (await rows.train.readSubjects())!.subject;
  const measuredOn = (await rows.validation.readSubjects())!.subject;
  const measured = new Set([...rows.validationRows].map((row) => measuredOn[row]!).filter((person) => person > 0));
  expect(measured.size).toBeGreaterThan(1);
  const extra = [...rows.unlabelledRows].filter((row) => row >= 64);
  expect(extra.length).toBe(40 - 3 * measured.size);
  for (const row of extra) expect(measured.has(all[row]!)).toBe(false);
  // A csv drops rows of that split too, which stands behind 64 rows of train and 4 of val.
  const csv = join(temporaryDir(), 'changes.csv');
  writeFileSync(csv, `source,split,row,action,to\npeople,unlabelled,${extra[0]! - 68},drop,\n`);
  const cleaned = await chooseRows(checkRecipe({ ...fields, data: { ...fields.data, changes: [csv] } }, 'test'), data);
  expect(cleaned.unlabelledRows).not.toContain(extra[0]);
  expect(cleaned.unlabelledRows).toHaveLength(rows.unlabelledRows.length - 1);
  await cleaned.close();
  await rows.close();
  await expect(rows.train.readImages(0, 1)).rejects.toThrow();
});

it('the split the epoch is chosen on is not learnt from without its labels either', async () => {
  const fields = { ...tinyRecipe, epochs: 1, optimizer: { kind: 'sgd', learningRate: 0.01 }, data: { validation: { split: 'val' }, unlabelled: 'val' } };
  await expect(chooseRows(checkRecipe(fields, 'test'), people())).rejects.toThrow('data.unlabelled: val is the split the epoch is chosen on');
});
