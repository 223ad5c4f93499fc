import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expressions } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { makeStore, temporaryDir, write } from '../../test/fixtures.ts';
import { importData } from '../import/import-data.ts';
import { openStore } from '../store/store.ts';
import { exportStore } from './export-store.ts';

const image = { layout: 'fixed', channels: 1, height: 48, width: 48 } as const;
const splits = { train: [0, 1, 6, 3], public: [2, 2], private: [5] };
const store = (out: string, more = {}) => makeStore(out, splits, { name: 'made', labels: expressions, image, ...more });

/** Label and pixels of every row of a split, in an order that does not depend on the form. */
async function contents(dir: string, name: string): Promise<string[]> {
  const split = await (await openStore(dir)).split(name);
  const images = Buffer.from(await split.readImages(0, split.count));
  return [...split.labels].map((label, i) => `${split.labelNames[label]} ${images.toString('hex', i * split.imageBytes, (i + 1) * split.imageBytes)}`).sort();
}

describe('exportStore', () => {
  it.each([
    ['folders', 'out'],
    ['csv', 'out.csv'],
    ['parquet', 'out'],
  ] as const)('as %s is read back as it was, to the pixel', async (form, file) => {
    const dir = temporaryDir();
    const original = store(join(dir, 'a'));
    const report = await exportStore(original, { out: join(dir, file), form });
    expect(report.images).toBe(7);
    await importData(join(dir, file), { out: join(dir, 'b') });
    const back = await openStore(join(dir, 'b'));
    expect(back.splitNames).toEqual(['train', 'public', 'private']);
    for (const name of back.splitNames) expect(await contents(join(dir, 'b'), name)).toEqual(await contents(original, name));
  });

  it('keeps names and locks of splits in Parquet, and says which locks the other forms lose', async () => {
    const dir = temporaryDir();
    const splits = { train: [0, 1], public: [2], 'g-private': [5], 'unlabelled-apart': [3] };
    const original = makeStore(join(dir, 'a'), splits, {
      name: 'made',
      labels: expressions,
      image,
      locked: (split) => split === 'public' || split === 'g-private',
    });
    expect((await exportStore(original, { out: join(dir, 'p'), form: 'parquet' })).unlocked).toEqual([]);
    expect((await exportStore(original, { out: join(dir, 'f'), form: 'folders' })).unlocked).toEqual(['public']);
    await importData(join(dir, 'p'), { out: join(dir, 'b') });
    const back = await openStore(join(dir, 'b'));
    expect([...back.splitNames].sort().map((name) => [name, back.isLocked(name)])).toEqual([
      ['g-private', true],
      ['public', true],
      ['train', false],
      ['unlabelled-apart', false],
    ]);
  });

  it('keeps who the rows of Parquet are: source, row, person; under a new name only the people', async () => {
    const dir = temporaryDir();
    const sources = ['train', 'test'].map((split) => ({ name: 'first', form: 'folders', split, count: 9, file: 'first' }));
    const original = store(join(dir, 'a'), {
      sources,
      subjects: true,
      align: 'eyes-level',
      row: (split: string, i: number) => ({ source: split === 'public' ? 1 : 0, row: { train: 2, public: 5, private: 0 }[split]! + 2 * i, subject: `s${i}` }),
    });
    await exportStore(original, { out: join(dir, 'p'), form: 'parquet' });
    await importData(join(dir, 'p'), { out: join(dir, 'b') });
    const identities = async (path: string) => {
      const opened = await openStore(path);
      const { name, align, sources } = opened.manifest;
      const rows: unknown[] = [];
      for (const name of opened.splitNames) {
        const split = await opened.split(name);
        const { source, row } = await split.readProvenance();
        const people = await split.readSubjects();
        rows.push({ split: name, source: [...source], row: [...row], people: [...people!.subject].map((n) => people!.names[n - 1]) });
      }
      return { name, align, sources, rows };
    };
    const kept = await identities(original);
    expect(kept.rows[1]).toEqual({ split: 'public', source: [1, 1], row: [5, 7], people: ['s0', 's1'] });
    expect(await identities(join(dir, 'b'))).toEqual(kept);
    await importData(join(dir, 'p'), { out: join(dir, 'c'), name: 'other' });
    const renamed = await identities(join(dir, 'c'));
    expect(renamed).toMatchObject({ name: 'other', align: 'eyes-level', sources: [{ name: 'other' }, { name: 'other' }, { name: 'other' }] });
    expect(renamed.rows[1]).toEqual({ split: 'public', source: [1, 1], row: [0, 1], people: ['s0', 's1'] });
    // Its own name is no new one, and a file alone claims no source of the others.
    await importData(join(dir, 'p/data/public-00000-of-00001.parquet'), { out: join(dir, 'e'), name: 'made' });
    expect(await identities(join(dir, 'e'))).toEqual({ ...kept, sources: [sources[1]], rows: [{ ...(kept.rows[1] as object), source: [0, 0] }] });
    // The same file twice.
    copyFileSync(join(dir, 'p/data/public-00000-of-00001.parquet'), join(dir, 'p/data/again.parquet'));
    await expect(importData(join(dir, 'p'), { out: join(dir, 'd') })).rejects.toMatchObject({
      code: 'bad-parquet',
      message: expect.stringMatching(/row 1: row 5 of first\/test came before.*--name/),
    });
    expect(existsSync(join(dir, 'd'))).toBe(false);
  });

  it('keeps colour in folders and Parquet, and refuses what a csv cannot hold', async () => {
    const dir = temporaryDir();
    const colour = store(join(dir, 'a'), { image: { layout: 'fixed', channels: 3, height: 5, width: 4 } });
    for (const form of ['folders', 'parquet'] as const) {
      await exportStore(colour, { out: join(dir, form), form });
      await importData(join(dir, form), { out: join(dir, `${form}-back`) });
      expect(await contents(join(dir, `${form}-back`), 'train')).toEqual(await contents(colour, 'train'));
    }
    await expect(exportStore(colour, { out: join(dir, 'c.csv'), form: 'csv' })).rejects.toMatchObject({ code: 'bad-form' });
    const odd = makeStore(join(dir, 'odd'), { train: [0], extra: [1] }, { labels: expressions, image });
    await expect(exportStore(odd, { out: join(dir, 'c.csv'), form: 'csv' })).rejects.toMatchObject({
      code: 'bad-form',
      message: expect.stringContaining('train, extra'),
    });
    expect(readdirSync(dir).filter((name) => name.startsWith('c.csv') || name.startsWith('.partial'))).toEqual([]);
  });

  it('replaces nothing, and names of labels cannot lead out of the folder', async () => {
    const dir = temporaryDir();
    const original = store(join(dir, 'a'));
    write(dir, 'taken.csv', 'dear');
    await expect(exportStore(original, { out: join(dir, 'taken.csv'), form: 'csv' })).rejects.toMatchObject({ code: 'exists' });
    expect(readFileSync(join(dir, 'taken.csv'), 'utf8')).toBe('dear');
    await expect(exportStore(original, { out: join(dir, 'a'), form: 'folders' })).rejects.toMatchObject({ code: 'exists' });
    const sly = makeStore(join(dir, 'sly'), { '../up': [0] }, { name: '../..', labels: ['../../x/y'] });
    for (const form of ['folders', 'parquet'] as const) {
      await exportStore(sly, { out: join(dir, form), form });
      expect(readdirSync(join(dir, form), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())).toHaveLength(1);
    }
    expect(readdirSync(dir).sort()).toEqual(['a', 'folders', 'parquet', 'sly', 'taken.csv']);
  });
});
