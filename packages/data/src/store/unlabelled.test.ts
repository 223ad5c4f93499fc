/** Rows without a label, through everything that touches a store. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeStore, makeTree, temporaryDir, write } from '../../test/fixtures.ts';
import { checkStore } from '../check/check.ts';
import { proposeChanges } from '../check/propose.ts';
import { checkReport } from '../check/report-json.ts';
import { cleanStore } from '../clean/clean.ts';
import { undoCleaning } from '../clean/undo.ts';
import { exportStore } from '../export/export-store.ts';
import { importData } from '../import/import-data.ts';
import { mergeStores } from '../merge/merge.ts';
import { noLabel } from './manifest.ts';
import { openStore } from './store.ts';

/** `split: labels of its rows`, for every split. */
async function labelsIn(dir: string): Promise<Record<string, number[]>> {
  const store = await openStore(dir);
  const found: Record<string, number[]> = {};
  for (const name of store.splitNames) found[name] = [...(await store.split(name)).labels];
  await store.close();
  return found;
}

const formatVersion = (dir: string): number => (JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as { formatVersion: number }).formatVersion;
const out = (): string => join(temporaryDir(), 's');

it('come from a class folder of that name, at the top as a split of its own, within a split as part of it', async () => {
  const plain = await makeTree({ 'angry/1.png': {}, 'unlabeled/2.png': {}, 'unlabelled/deep/3.png': {} });
  const a = out();
  const { manifest } = await importData(plain, { out: a });
  expect(await labelsIn(a)).toEqual({ all: [0], unlabelled: [noLabel, noLabel] });
  expect(manifest.splits.map(({ perLabel }) => perLabel.reduce((sum, n) => sum + n))).toEqual([1, 0]);
  expect(formatVersion(a)).toBe(3);

  const divided = await makeTree({ 'train/happy/1.png': {}, 'train/unlabelled/2.png': {}, 'unlabelled/3.png': {}, 'val/sad/4.png': {} });
  const b = out();
  await importData(divided, { out: b });
  expect(await labelsIn(b)).toEqual({ train: [3, noLabel], val: [4], unlabelled: [noLabel] });
});

it('come from any folder when told, whatever its folders are called', async () => {
  const tree = await makeTree({ '1.png': {}, 'camera 2/7/2.png': {}, 'notes.txt': 'x' });
  const a = out();
  const { ignored } = await importData(tree, { out: a, unlabelled: true });
  expect(await labelsIn(a)).toEqual({ unlabelled: [noLabel, noLabel] });
  expect(ignored).toEqual(['notes.txt']);
  const store = await openStore(a);
  expect(await (await store.split('unlabelled')).readPaths()).toEqual(['1.png', 'camera 2/7/2.png']);
  await store.close();
  await expect(importData(write(temporaryDir(), 'x.csv', 'emotion,pixels\n'), { out: out(), unlabelled: true })).rejects.toMatchObject({ code: 'bad-option' });
  await expect(importData(await makeTree({ 'a.txt': 'x' }), { out: out(), unlabelled: true })).rejects.toMatchObject({ code: 'empty-tree' });
});

it('a map can take labels away', async () => {
  const a = out();
  await importData(await makeTree({ 'happy/1.png': {}, 'maybe/2.png': {} }), { out: a, map: { maybe: 'unlabelled' } });
  expect(await labelsIn(a)).toEqual({ all: [3], unlabelled: [noLabel] });
});

it('leave as folders and Parquet and come back; a csv has no place for them', async () => {
  const dir = makeStore(out(), { train: [0, noLabel, 2], unlabelled: [noLabel, noLabel] });
  const folders = out();
  await exportStore(dir, { out: folders, form: 'folders' });
  expect(readdirSync(join(folders, 'unlabelled'))).toHaveLength(2);
  const parquet = out();
  await exportStore(dir, { out: parquet, form: 'parquet' });
  for (const from of [folders, parquet]) {
    const back = out();
    await importData(from, { out: back, labels: ['angry', 'happy', 'sad'] });
    const { train, ...others } = await labelsIn(back);
    expect(train!.sort((x, y) => x - y)).toEqual([0, 2, noLabel]);
    expect(others).toEqual({ unlabelled: [noLabel, noLabel] });
  }
  const all = out();
  await exportStore(makeStore(out(), { all: [0, 1], unlabelled: [noLabel] }), { out: all, form: 'folders' });
  const again = out();
  await importData(all, { out: again, labels: ['angry', 'happy', 'sad'] });
  expect(await labelsIn(again)).toEqual({ all: [0, 1], unlabelled: [noLabel] });
  await expect(exportStore(makeStore(out(), { train: [0], unlabelled: [1, noLabel] }), { out: out(), form: 'folders' })).rejects.toMatchObject({
    code: 'bad-form',
    message: expect.stringContaining('1 rows with a label'),
  });
  const grey48 = { layout: 'fixed', channels: 1, height: 48, width: 48 } as const;
  const csv = makeStore(out(), { train: [0, noLabel] }, { labels: ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'], image: grey48 });
  await expect(exportStore(csv, { out: `${out()}.csv`, form: 'csv' })).rejects.toMatchObject({ code: 'bad-form', message: expect.stringContaining('1 rows') });
});

it('are merged without being measured on: their own split stays, others join train', async () => {
  const labelled = makeStore(out(), { all: Array.from({ length: 30 }, (_, i) => i % 3) }, { name: 'a' });
  const bare = makeStore(out(), { unlabelled: new Array(8).fill(noLabel), all: new Array(4).fill(noLabel) }, { name: 'b' });
  const a = out();
  await mergeStores([labelled, bare], { out: a });
  const { train, val, test, unlabelled } = await labelsIn(a);
  expect([train!.length, val!.length, test!.length, unlabelled!.length]).toEqual([24 + 4, 3, 3, 8]);
  expect([...val!, ...test!]).not.toContain(noLabel);
  const b = out();
  await mergeStores([makeStore(out(), { train: [0, 1], val: [2] }, { name: 'c' }), bare], { out: b, strategy: { kind: 'into-train' } });
  expect(await labelsIn(b)).toEqual({ train: [0, 1, noLabel, noLabel, noLabel, noLabel], val: [2], unlabelled: new Array(8).fill(noLabel) });
});

it('are counted by the doctor, contradict nothing and are doubted by no one', async () => {
  const same = new Uint8Array(36).map((_, i) => 7 * i);
  const dir = makeStore(out(), { train: [0, noLabel, 1, noLabel] }, { row: (_, i) => (i < 2 ? { image: same } : {}) });
  const store = await openStore(dir);
  const probabilities = new Map([['train', Float32Array.from([0.1, 0.8, 0.1, 0.1, 0.8, 0.1, 0.1, 0.8, 0.1, 0.1, 0.8, 0.1])]]);
  const result = await checkStore(store, { probabilities });
  const report = checkReport(result) as { duplicates: object; findings: { id: string; verdict: string; count: number }[] };
  expect(report.duplicates).toEqual({ groups: 1, images: 2, acrossSplits: 0, conflictingLabels: 0 });
  expect(report.findings.find(({ id }) => id === 'balance')!.verdict).toContain('2 rows of it have no label');
  expect(report.findings.find(({ id }) => id === 'label-noise')).toMatchObject({ count: 1, verdict: expect.stringContaining('of 2 judged labels') });
  expect(proposeChanges(result).map(({ row, action, label }) => [row, action, label])).toEqual([
    [0, 'keep', 'angry'],
    [1, 'drop', ''],
  ]);
  await store.close();
});

it('never push a labelled copy out, and are no split to learn from', async () => {
  const same = new Uint8Array(36).map((_, i) => 7 * i);
  const bareFirst = await openStore(
    makeStore(
      out(),
      { all: [noLabel, 0, 1], unlabelled: new Array(9).fill(noLabel) },
      { row: (split, i) => ((split === 'all' ? i < 2 : i === 0) ? { image: same } : {}) },
    ),
  );
  const result = await checkStore(bareFirst);
  expect(result.context.train).toBe(0);
  expect(result.duplicates).toMatchObject({ acrossSplits: 0 });
  expect(proposeChanges(result).map(({ split, row, action }) => `${split} ${row} ${action}`)).toEqual(['all 0 drop', 'all 1 keep', 'unlabelled 0 keep']);
  await bareFirst.close();
});

it('of a person who is measured on are learnt from by nobody', async () => {
  const people = { subjects: true, row: (_: string, i: number) => ({ subject: `P${i % 10}` }) };
  const dir = makeStore(out(), { all: [...Array.from({ length: 20 }, (_, i) => i % 3), ...new Array(20).fill(noLabel)] }, people);
  const divided = out();
  await mergeStores([dir], { out: divided, strategy: { kind: 'fold', folds: 5, fold: 1, seed: 1 } });
  const store = await openStore(divided);
  const who = async (name: string) => new Set((await (await store.split(name)).readSubjects())!.subject);
  const measured = await who('val');
  expect(measured.size).toBeGreaterThan(0);
  for (const subject of await who('train')) expect(measured.has(subject)).toBe(false);
  expect(await who('unlabelled-apart')).toEqual(measured);
  await store.close();
});

it('of a person of a locked split are learnt from by nobody, however often the store is divided', async () => {
  const subjects = (_: string, i: number) => ({ subject: `P${i % 10}` });
  const labelled = { all: Array.from({ length: 40 }, (_, i) => i % 3) };
  const dir = makeStore(out(), { ...labelled, unlabelled: new Array(20).fill(noLabel) }, { subjects: true, row: subjects });
  const [first, second, freed] = [out(), out(), out()];
  const shares = (seed: number) => ({ kind: 'shares', shares: [0.6, 0.2, 0.2], seed }) as const;
  await mergeStores([dir], { out: first, strategy: shares(1) });
  await mergeStores([first], { out: second, strategy: shares(2) });
  const who = async (path: string, name: string) => {
    const store = await openStore(path);
    const found = store.splitNames.includes(name) ? (await (await store.split(name)).readSubjects())!.subject : [];
    await store.close();
    return new Set(found);
  };
  const locked = (await openStore(second)).splitNames.filter((name) => name.endsWith('-test'));
  expect(locked).toHaveLength(1);
  for (const name of [...locked, 'val', 'test']) {
    const measured = await who(second, name);
    expect(measured.size, name).toBeGreaterThan(0);
    for (const split of ['train', 'unlabelled']) {
      // Labelled rows of the first division's test split stand apart, as they were.
      const learnt = await withoutLabel(second, split);
      for (const subject of measured) expect(learnt.has(subject), `${name} ${split} ${subject}`).toBe(false);
    }
  }
  // Divided with the locked rows, people who are held out no longer are unlabelled again, never train.
  await mergeStores([first], { out: freed, strategy: { kind: 'fold', folds: 5, fold: 1, seed: 3 }, withLocked: true });
  expect(await withoutLabel(freed, 'train')).toEqual(new Set());
  expect((await labelsIn(freed)).unlabelled!.length).toBeGreaterThan(0);
});

/** People of the rows of a split that have no label. */
async function withoutLabel(path: string, name: string): Promise<Set<number>> {
  const store = await openStore(path);
  try {
    if (!store.splitNames.includes(name)) return new Set();
    const split = await store.split(name);
    const { subject } = (await split.readSubjects())!;
    return new Set([...subject].filter((_, i) => split.labels[i] === noLabel));
  } finally {
    await store.close();
  }
}

it('leave their name to themselves', async () => {
  const tree = await makeTree({ 'happy/1.png': {} });
  await expect(importData(tree, { out: out(), labels: ['happy', 'Unlabelled'] })).rejects.toMatchObject({ code: 'bad-labels' });
  await expect(mergeStores([makeStore(out(), { all: [0] })], { out: out(), labels: ['angry', 'unlabeled'] })).rejects.toMatchObject({ code: 'bad-map' });
});

it('that are labelled join train; undone, they stand where they were', async () => {
  const dir = makeStore(out(), { train: [0, noLabel], unlabelled: [noLabel, noLabel, noLabel] });
  const before = await labelsIn(dir);
  const csv = write(
    temporaryDir(),
    'changes.csv',
    'source,split,row,action,to\nmade-up,unlabelled,1,relabel,happy\nmade-up,train,1,relabel,sad\nmade-up,unlabelled,2,drop,\n',
  );
  expect(await cleanStore(dir, { csv })).toMatchObject({ relabelled: 2, moved: 1, dropped: 1 });
  expect(await labelsIn(dir)).toEqual({ train: [0, 2, 1], unlabelled: [noLabel] });
  await undoCleaning(dir);
  expect(await labelsIn(dir)).toEqual(before);

  // Where nothing is called train, they join what is learnt from; never a split that is locked.
  const all = makeStore(out(), { all: [0, 1], test: [2, 2, 2], unlabelled: [noLabel] });
  const one = write(temporaryDir(), 'one.csv', 'source,split,row,action,to\nmade-up,unlabelled,0,relabel,happy\n');
  await cleanStore(all, { csv: one });
  expect(await labelsIn(all)).toEqual({ test: [2, 2, 2], all: [0, 1, 1] });
  const locked = makeStore(out(), { train: [0], unlabelled: [noLabel] }, { locked: (split) => split === 'train' });
  await expect(cleanStore(locked, { csv: one })).rejects.toMatchObject({ code: 'locked-split' });
});
