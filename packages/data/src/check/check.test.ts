import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeStore, temporaryDir, write } from '../../test/fixtures.ts';
import { formatChanges, readChanges } from '../clean/changes.ts';
import { cleanStore } from '../clean/clean.ts';
import { randomFor } from '../random.ts';
import { openStore } from '../store/store.ts';
import { type CheckOptions, checkStore } from './check.ts';
import { overlap } from './overlap.ts';
import { proposeChanges } from './propose.ts';
import { readProbabilities } from './read-probabilities.ts';
import { reportPage } from './report-html.ts';
import { checkReport } from './report-json.ts';

/** A picture of smooth random shades, 24×24, so that small changes leave it recognisable. */
function face(key: number): Uint8Array {
  const rng = randomFor('face', key);
  const waves = Array.from({ length: 6 }, () => [rng.next() * 0.5, rng.next() * 0.5, rng.next() * 7] as const);
  return Uint8Array.from({ length: 576 }, (_, i) => {
    const sum = waves.reduce((total, [x, y, phase]) => total + Math.sin(x * (i % 24) + y * Math.floor(i / 24) + phase), 0);
    return Math.round(128 + 20 * sum);
  });
}
const image = { layout: 'fixed', channels: 1, height: 24, width: 24 } as const;

/** A store whose rows show the faces named by their keys; `blank` is one of a single value. */
function storeOf(rows: Record<string, readonly [key: number | 'blank', label: number][]>): string {
  return makeStore(join(temporaryDir(), 's'), Object.fromEntries(Object.entries(rows).map(([split, list]) => [split, list.map(([, label]) => label)])), {
    image,
    row: (split, index) => {
      const [key] = rows[split]![index]!;
      return { image: key === 'blank' ? new Uint8Array(576).fill(77) : face(key) };
    },
  });
}

const check = async (dir: string, options: CheckOptions = {}) => checkStore(await openStore(dir), options);
const finding = (result: Awaited<ReturnType<typeof check>>, id: string) => result.findings.find((each) => each.id === id)!;

describe('duplicates', () => {
  it('are counted as an independent count counts them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('train', 'test', 'val'), fc.nat(6), fc.nat(2)), { minLength: 1, maxLength: 25 }), async (rows) => {
        const bySplit: Record<string, [number, number][]> = {};
        for (const [split, key, label] of rows) {
          bySplit[split] ??= [];
          bySplit[split].push([key, label]);
        }
        const groups = [0, 1, 2, 3, 4, 5, 6].map((key) => rows.filter((row) => row[1] === key)).filter((group) => group.length > 1);
        const several = (at: 0 | 2) => groups.filter((group) => new Set(group.map((row) => row[at])).size > 1).length;
        expect((await check(storeOf(bySplit))).duplicates).toEqual({
          groups: groups.length,
          images: groups.flat().length,
          acrossSplits: several(0),
          conflictingLabels: several(2),
        });
      }),
      { numRuns: 25 },
    );
  });

  it('overlap names the rows of one split whose pixels stand in another', async () => {
    const store = await openStore(
      storeOf({
        train: [
          [1, 0],
          [2, 0],
          [2, 1],
        ],
        test: [
          [3, 0],
          [2, 0],
          [2, 2],
          [1, 0],
        ],
      }),
    );
    expect([...(await overlap(store, 'test', 'train'))]).toEqual([1, 2, 3]);
    expect([...(await overlap(store, 'train', 'test'))]).toEqual([0, 1, 2]);
    await expect(overlap(store, 'test', 'none')).rejects.toMatchObject({ code: 'unknown-split' });
  });

  it('that only look alike are found: brightened, moved by half a pixel, watermarked; different faces are not', async () => {
    const original = face(1);
    const brighter = original.map((value) => Math.min(255, value * 0.9 + 25));
    const moved = original.map((value, i) => Math.round((value + original[i % 24 === 0 ? i : i - 1]!) / 2));
    const marked = original.map((value, i) => (Math.floor(i / 24) === 12 && i % 24 > 8 && i % 24 < 16 ? 250 : value));
    const variants = [original, brighter, moved, marked];
    const others = Array.from({ length: 60 }, (_, i) => face(100 + i));
    const dir = makeStore(
      join(temporaryDir(), 's'),
      { train: [0, 0, 0, 1, ...others.map(() => 0)] },
      {
        image,
        row: (_, index) => ({ image: [...variants, ...others][index]! }),
      },
    );
    const result = await check(dir);
    expect(result.near.map((group) => [...group])).toEqual([[0, 1, 2, 3]]);
    expect(result.nearDuplicates).toEqual({ groups: 1, images: 4, acrossSplits: 0, conflictingLabels: 1 });
    expect(result.duplicates.groups).toBe(0);
  });
});

describe('single images', () => {
  it('blank, flat and dark ones are found, in colour too', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => face(i));
    rows[3] = new Uint8Array(576).fill(9);
    rows[5] = face(5).map((value) => 120 + Math.round(value / 100));
    rows[7] = face(7).map((value) => Math.round(value / 16));
    const dir = makeStore(join(temporaryDir(), 's'), { train: rows.map(() => 0) }, { image, row: (_, index) => ({ image: rows[index]! }) });
    const result = await check(dir);
    expect(finding(result, 'constant').rows).toEqual([3]);
    expect(finding(result, 'flat').rows).toContain(5);
    expect(finding(result, 'brightness').rows).toContain(7);
    const colour = makeStore(
      join(temporaryDir(), 'c'),
      { train: [0, 0] },
      {
        image: { layout: 'fixed', channels: 3, height: 2, width: 2 },
        row: (_, index) => ({ image: Uint8Array.from(index === 0 ? [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3] : [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4]) }),
      },
    );
    expect(finding(await check(colour), 'constant').rows).toEqual([0]);
  });

  it('enlarged and cut originals are found by the sizes they came with', async () => {
    const sizes: [number, number][] = [
      [24, 24],
      [10, 10],
      [24, 60],
      [200, 210],
    ];
    const dir = makeStore(
      join(temporaryDir(), 's'),
      { all: [0, 0, 0, 0] },
      { image, sizes: true, row: (_, index) => ({ image: face(index), size: sizes[index]! }) },
    );
    expect(finding(await check(dir), 'size')).toMatchObject({ rows: [1, 2], captions: ['10×10 px', '60×24 px'] });
  });
});

describe('labels', () => {
  it('balance names the rarest class and those without images', async () => {
    const result = await check(storeOf({ train: [...Array.from({ length: 8 }, (_, i) => [i, 1] as [number, number]), [50, 0]], test: [[60, 2]] }));
    expect(finding(result, 'balance')).toMatchObject({
      level: 'problem',
      verdict: expect.stringMatching(/happy \(8\) is 8\.0 times.*angry \(1\).*No image shows sad/),
    });
  });

  it("annotators' majorities against a label, and for no face, are found", async () => {
    const votes = [
      [9, 0, 1],
      [2, 8, 0],
      [0, 3, 7],
      [5, 5, 0],
    ];
    const dir = makeStore(
      join(temporaryDir(), 's'),
      { train: [0, 0, 0, 1] },
      { votes: ['anger', 'happiness', 'NF'], row: (_, index) => ({ votes: Uint8Array.from(votes[index]!) }) },
    );
    const result = await check(dir);
    expect(finding(result, 'votes-no-face').rows).toEqual([2]);
    expect(finding(result, 'votes-disagree')).toMatchObject({ rows: [1], suggested: [1], captions: ['happy 8 of 10'] });
    const [changed] = proposeChanges(result, { relabelAbove: 0.8 });
    expect(changed).toMatchObject({ row: 1, action: 'relabel', to: 'happy' });
    expect(proposeChanges(result)[0]).toMatchObject({ row: 1, action: 'keep', to: 'happy' });
  });

  it('a row is given the label that is sure, not the one that was only suggested before', async () => {
    const dir = makeStore(
      join(temporaryDir(), 's'),
      { train: [0, 1, 2, 2] },
      {
        votes: ['anger', 'happiness', 'sadness'],
        row: (_, index) => ({
          votes: Uint8Array.from(
            [
              [4, 0, 6],
              [0, 9, 1],
              [1, 0, 9],
              [0, 1, 9],
            ][index]!,
          ),
        }),
      },
    );
    const csv = ['split,row,angry,happy,sad', 'train,0,0.03,0.94,0.03', 'train,1,0.2,0.8,0', 'train,2,0,0,1', 'train,3,0,0,1'];
    const store = await openStore(dir);
    const probabilities = await readProbabilities(write(temporaryDir(), 'oof.csv', csv.join('\n')), store);
    const [changed] = proposeChanges(await checkStore(store, { probabilities }), { relabelAbove: 0.7 });
    expect(changed).toMatchObject({ row: 0, action: 'relabel', to: 'happy' });
    expect(changed!.reason).toMatch(/most annotators say sad 6 of 10; the model says happy/);
  });

  it('a model’s doubts are ranked, rows it did not judge passed over', async () => {
    const dir = storeOf({
      train: [
        [0, 0],
        [1, 0],
        [2, 1],
        [3, 1],
        [4, 0],
      ],
    });
    const csv = ['split,row,angry,happy,sad', 'train,0,0.9,0.1,0', 'train,1,0.2,0.8,0', 'train,2,0.1,0.9,0', 'train,3,0.3,0.7,0'];
    const file = write(temporaryDir(), 'oof.csv', csv.join('\n'));
    const store = await openStore(dir);
    const result = await checkStore(store, { probabilities: await readProbabilities(file, store) });
    expect(finding(result, 'label-noise')).toMatchObject({ rows: [1], suggested: [1], verdict: expect.stringContaining('For 1 of 4 judged labels (25.0 %)') });
    await expect(readProbabilities(write(temporaryDir(), 'a.csv', 'split,row,angry\ntrain,0,1'), store)).rejects.toMatchObject({
      code: 'bad-probabilities',
      message: expect.stringContaining('no happy'),
    });
    await expect(readProbabilities(write(temporaryDir(), 'b.csv', `${csv[0]}\ntrain,77,1,0,0`), store)).rejects.toThrow(/line 2: the store holds no row 77/);
    await expect(readProbabilities(write(temporaryDir(), 'e.csv', `${csv[0]}\ntrain,,1,0,0`), store)).rejects.toThrow(
      /line 2: the store holds no row \(none is named\)/,
    );
    await expect(readProbabilities(write(temporaryDir(), 'c.csv', `${csv[0]}\ntrain,1,1,x,0`), store)).rejects.toThrow(/line 2: expected probabilities/);
  });
});

describe('what it gives back', () => {
  const messy = () =>
    storeOf({
      train: [
        [1, 0],
        [1, 0],
        [2, 0],
        [2, 1],
        [3, 0],
        ['blank', 1],
        [4, 0],
      ],
      test: [
        [3, 0],
        ['blank', 1],
        [9, 2],
      ],
    });

  it('JSON with the agreed fields, rows named by identity', async () => {
    const report = checkReport(await check(messy()));
    expect(report).toMatchObject({ images: 10, constant: 2, duplicates: { groups: 4, images: 8, acrossSplits: 2, conflictingLabels: 1 } });
    expect(JSON.parse(JSON.stringify(report)).findings.find((each: { id: string }) => each.id === 'conflicting-labels')).toMatchObject({
      groups: [['made-up/train/2', 'made-up/train/3']],
    });
  });

  it('a csv that clean applies: copies, contradictions and blanks leave training, the test stays as it is', async () => {
    const dir = messy();
    const csv = write(temporaryDir(), 'changes.csv', formatChanges(proposeChanges(await check(dir))));
    expect((await readChanges(csv)).map(({ split, row, action }) => `${split} ${row} ${action}`)).toEqual([1, 2, 3, 4, 5].map((row) => `train ${row} drop`));
    expect(await cleanStore(dir, { csv })).toMatchObject({ dropped: 5 });
    const after = await check(dir);
    expect(after.duplicates.groups).toBe(0);
    expect(after.context.scan.splits.map(({ name, count }) => [name, count])).toEqual([
      ['train', 2],
      ['test', 3],
    ]);
  });

  it('one page that needs nothing from elsewhere, with names escaped', async () => {
    const dir = makeStore(join(temporaryDir(), 's'), { train: [0, 0] }, { name: '<b>&"', row: () => ({ image: new Uint8Array(36).fill(3) }) });
    const page = await reportPage(await check(dir));
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('&lt;b&gt;&amp;&quot;');
    expect(page).not.toContain('<b>');
    expect(page).not.toMatch(/(src|href)="(?!#)|url\((?!data:)|@import|<script/);
    expect(page.match(/<figure/g)?.length).toBeGreaterThanOrEqual(4);
  });

  it('the same for an empty training split and a store of one split', async () => {
    const result = await check(storeOf({ test: [[1, 0]] }));
    expect(result.findings.every(({ verdict }) => verdict.length > 0)).toBe(true);
    expect(proposeChanges(result)).toEqual([]);
    await expect(check(storeOf({ test: [[1, 0]] }), { train: 'nope' })).rejects.toMatchObject({ code: 'unknown-split' });
  });
});

it('changes nothing', async () => {
  const dir = storeOf({
    train: [
      [1, 0],
      [1, 1],
      ['blank', 0],
    ],
  });
  const digest = () =>
    createHash('sha1')
      .update(readFileSync(join(dir, 'images.u8')))
      .update(readFileSync(join(dir, 'manifest.json')))
      .digest('hex');
  const before = digest();
  await check(dir);
  expect(digest()).toBe(before);
});
