import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanStore, readChanges, StoreWriter } from '@mien/data';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testModel } from '../../../runtime/src/test-model.ts';
import { journalOf, StoreDesk } from './store-desk.ts';

let dir: string;
let store: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mien-store-desk-'));
  store = join(dir, 'faces');
  await makeStore(store);
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A source whose name wants quotes in a csv; six rows to learn from and one of a locked split. */
async function makeStore(out: string): Promise<void> {
  const writer = new StoreWriter({
    out,
    name: 'made, up',
    form: 'made-up',
    file: 'none',
    image: { layout: 'fixed', channels: 1, height: 2, width: 2 },
    labels: ['angry', 'happy', 'sad'],
  });
  for (let row = 0; row < 6; row++) writer.append({ split: 'train', label: row % 3, image: new Uint8Array(4).fill(row) });
  writer.append({ split: 'test', label: 0, image: new Uint8Array(4) });
  await writer.finish();
}

test('decisions are on disk at once, in a csv that `mien data clean` applies', async () => {
  const desk = await StoreDesk.open(store);
  expect(desk.overview()).toMatchObject({ rows: 6, decided: 0, journal: journalOf(store) });
  const [first, second, third] = desk.next(10);
  await desk.decide({ id: first!.id, action: 'relabel', to: 'happy' });
  await desk.decide({ id: second!.id, action: 'drop' });
  await desk.decide({ id: third!.id, action: 'keep' });
  // Nothing was closed: this is what a crash would leave.
  expect((await readChanges(journalOf(store))).map(({ row, action, to }) => [row, action, to])).toEqual([
    [0, 'relabel', 'happy'],
    [1, 'drop', ''],
  ]);
  expect(desk.overview()).toMatchObject({ decided: 3, relabelled: 1, dropped: 1 });
  expect(desk.next(10)).toHaveLength(3);
  await desk.close();
  expect(await cleanStore(store, { csv: journalOf(store) })).toMatchObject({ relabelled: 1, dropped: 1 });
});

test('another session goes on where the last one ended, and undoes its decisions too', async () => {
  const before = await StoreDesk.open(store);
  await before.decide({ id: 4, action: 'drop' });
  await before.decide({ id: 2, action: 'keep' });
  await before.close();
  // A crash in the middle of a line.
  appendFileSync(journalOf(store), 'made');
  const desk = await StoreDesk.open(store);
  expect(desk.next(10).map(({ id }) => id)).toEqual([0, 1, 3, 5]);
  expect(readFileSync(journalOf(store), 'utf8').trim().split('\n')).toHaveLength(3);
  expect(await desk.undo()).toMatchObject({ id: 2 });
  expect(await desk.undo()).toMatchObject({ id: 4 });
  expect(await desk.undo()).toBeUndefined();
  expect(readFileSync(journalOf(store), 'utf8').trim().split('\n')).toHaveLength(1);
  await desk.decide({ id: 2, action: 'relabel', to: 'sad' });
  expect(await readChanges(journalOf(store))).toMatchObject([{ row: 2, action: 'relabel', to: 'sad' }]);
  await desk.close();
});

test('a journal that a person has broken is told in a line', async () => {
  const desk = await StoreDesk.open(store);
  await desk.decide({ id: 2, action: 'keep' });
  await desk.close();
  appendFileSync(journalOf(store), '\n');
  await expect(StoreDesk.open(store)).rejects.toMatchObject({
    name: 'UserError',
    code: 'bad-changes',
    message: expect.stringMatching(/line \d+: expected one decision a line/),
  });
  rmSync(journalOf(store));
});

test('a model with other labels does not judge, and the page is told why', async () => {
  const file = join(dir, 'model.onnx');
  writeFileSync(file, testModel([1, 0, 2, 4, -4, 0, 1], [0, 0, 0, -2, 2, 0, 0]));
  const desk = await StoreDesk.open(store);
  await desk.judge(file);
  expect(desk.overview()).toMatchObject({ judged: 0, judgingFailed: expect.stringMatching(/angry, happy, sad/) });
  expect(desk.next(1)[0]).not.toHaveProperty('guess');
  await desk.close();
});

test('a decision that cannot be applied is refused, and nothing is written', async () => {
  const desk = await StoreDesk.open(store);
  await desk.decide({ id: 0, action: 'keep' });
  const before = readFileSync(journalOf(store), 'utf8');
  await expect(desk.decide({ id: 0, action: 'drop' })).rejects.toMatchObject({ code: 'bad-decision' });
  await expect(desk.decide({ id: 6, action: 'drop' })).rejects.toMatchObject({ code: 'bad-decision' });
  await expect(desk.decide({ id: 1, action: 'relabel', to: 'joyful' })).rejects.toMatchObject({ code: 'bad-decision' });
  expect(await desk.image(6)).toBeUndefined();
  expect(await desk.image(3)).toEqual(new Uint8Array(4).fill(3));
  expect(readFileSync(journalOf(store), 'utf8')).toBe(before);
  await desk.close();
});
