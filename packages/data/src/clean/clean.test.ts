import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { makeStore, temporaryDir, write } from '../../test/fixtures.ts';
import { readRows } from '../store/rows.ts';
import { openStore } from '../store/store.ts';
import { cleanStore } from './clean.ts';
import { whileUnchanged } from './rewrite.ts';
import { undoCleaning } from './undo.ts';

const header = 'source,split,row,action,to';

/** A store with every column, so that all of them must survive. */
function fullStore(splits: Record<string, readonly number[]> = { train: [0, 1, 2, 0, 1], val: [1, 2], test: [0, 1, 2] }): string {
  return makeStore(join(temporaryDir(), 's'), splits, {
    votes: ['anger', 'NF'],
    paths: true,
    subjects: true,
    sizes: true,
    row: (split, index) => ({
      votes: Uint8Array.of(index, 9),
      path: `${split}/ü ${index}.png`,
      subject: index % 2 ? `S${index}` : undefined,
      size: [10 + index, 20],
    }),
  });
}

async function rowsOf(dir: string) {
  const store = await openStore(dir);
  const rows = [];
  for (const name of store.splitNames)
    for await (const row of readRows(await store.split(name))) rows.push({ ...row, image: [...row.image], votes: [...(row.votes ?? [])] });
  await store.close();
  return rows;
}

const describeRows = async (dir: string) => (await rowsOf(dir)).map(({ split, row, label, source }) => `${split} ${source}:${row} ${label}`);

function clean(dir: string, lines: string, more: Partial<Parameters<typeof cleanStore>[1]> = {}) {
  return cleanStore(dir, { csv: write(temporaryDir(), 'changes.csv', `${header}\n${lines}\n`), ...more });
}

describe('cleanStore', () => {
  it('drops, relabels and moves what the csv names, by identity, and records it', async () => {
    const dir = fullStore();
    const report = await clean(dir, 'made-up,train,1,drop,\nmade-up,train,2,relabel,happy\nmade-up,val,0,move,train\nmade-up,train,4,keep,sad');
    expect(report).toMatchObject({ dropped: 1, relabelled: 1, moved: 1, out: dir });
    expect(await describeRows(dir)).toEqual([
      'train 0:0 0',
      'train 0:2 1',
      'train 0:3 0',
      'train 0:4 1',
      'train 1:0 1',
      'val 1:1 2',
      'test 2:0 0',
      'test 2:1 1',
      'test 2:2 2',
    ]);
    const { manifest } = await openStore(dir);
    expect(manifest.history).toEqual([expect.objectContaining({ kind: 'clean', note: 'changes.csv', dropped: 1, relabelled: 1, moved: 1 })]);
    const moved = (await rowsOf(dir)).find((row) => row.source === 1 && row.row === 0);
    expect(moved).toMatchObject({ path: 'val/ü 0.png', votes: [0, 9], size: [10, 20] });
    // A row that was moved keeps its identity: the next csv names it as before.
    await clean(dir, 'made-up,val,0,relabel,sad');
    expect(await describeRows(dir)).toContain('train 1:0 2');
  });

  it('is undone to the byte, several times, whatever the changes were', async () => {
    const change = fc.record({
      split: fc.constantFrom('train', 'val'),
      row: fc.nat(4),
      action: fc.constantFrom('drop', 'relabel', 'move'),
      to: fc.nat(1),
    });
    const changes = fc.uniqueArray(change, { selector: ({ split, row }) => `${split}${row}`, minLength: 1, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(changes, changes, async (first, second) => {
        const dir = fullStore({ train: [0, 1, 2, 0, 1], val: [1, 2, 0, 0, 1], test: [0] });
        const original = await rowsOf(dir);
        const apply = async (list: typeof first) => {
          const present = new Set((await rowsOf(dir)).map(({ source, row }) => `${source}:${row}`));
          const lines = list
            .filter(({ split, row }) => present.has(`${split === 'train' ? 0 : 1}:${row}`))
            .map(
              ({ split, row, action, to }) =>
                `made-up,${split},${row},${action},${{ drop: '', relabel: ['happy', 'sad'][to], move: ['val', 'extra'][to] }[action]}`,
            );
          await clean(dir, lines.join('\n'));
        };
        await apply(first);
        const between = await rowsOf(dir);
        await apply(second);
        await undoCleaning(dir);
        expect(await rowsOf(dir)).toEqual(between);
        await undoCleaning(dir);
        expect(await rowsOf(dir)).toEqual(original);
        await expect(undoCleaning(dir)).rejects.toMatchObject({ code: 'nothing-to-undo' });
        expect((await openStore(dir)).manifest.history.map(({ kind }) => kind)).toEqual(['clean', 'clean', 'undo', 'undo']);
        expect(readdirSync(dir).filter((name) => name.startsWith('undo'))).toEqual([]);
        rmSync(dir, { recursive: true });
      }),
      { numRuns: 5 },
    );
  });

  it('writes elsewhere when asked, and can be undone there', async () => {
    const dir = fullStore();
    const before = await rowsOf(dir);
    const out = join(dir, '../cleaned');
    await clean(dir, 'made-up,train,0,drop,', { out });
    expect(await rowsOf(dir)).toEqual(before);
    expect((await openStore(out)).manifest.count).toBe(9);
    await expect(clean(dir, 'made-up,train,0,drop,', { out })).rejects.toMatchObject({ code: 'exists' });
    await undoCleaning(out);
    expect(await rowsOf(out)).toEqual(before);
  });

  it('keeps locked test splits: no changes unless allowed, and never out into training', async () => {
    const dir = fullStore();
    await expect(clean(dir, 'made-up,test,0,drop,')).rejects.toMatchObject({ code: 'locked-split', message: expect.stringMatching(/line 2: .*--locked/) });
    await expect(clean(dir, 'made-up,train,0,move,test')).rejects.toMatchObject({ code: 'locked-split' });
    await expect(clean(dir, 'made-up,test,0,move,train', { locked: true })).rejects.toMatchObject({ code: 'locked-split' });
    expect(await clean(dir, 'made-up,test,0,drop,', { locked: true })).toMatchObject({ dropped: 1 });
    expect((await openStore(dir)).isLocked('test')).toBe(true);
  });

  it('names the line it cannot apply, and leaves the store as it was', async () => {
    const dir = fullStore();
    const before = await rowsOf(dir);
    const cases: [lines: string, message: RegExp][] = [
      ['made-up,train,99,drop,', /line 2: the store holds no row 99 of made-up\/train/],
      ['other,train,0,drop,', /line 2: the store holds no rows of other\/train/],
      ['made-up,train,0,erase,', /line 2: expected the action keep, drop, relabel, move, came "erase"/],
      ['made-up,train,0,relabel,joyful', /line 2: expected a label of angry, happy, sad, came "joyful"/],
      ['made-up,train,0,relabel,', /line 2: relabel needs a label/],
      ['made-up,train,0,move,../up', /line 2: .*cannot be the name/],
      ['made-up,train,one,drop,', /line 2: expected a row number/],
      ['made-up,train,0,drop,\nmade-up,train,0,keep,', /line 3: row made-up\/train\/0 already stands in line 2/],
    ];
    for (const [lines, message] of cases) await expect(clean(dir, lines), lines).rejects.toThrow(message);
    const csv = write(temporaryDir(), 'semicolons.csv', `${header.replaceAll(',', ';')}\n`);
    await expect(cleanStore(dir, { csv })).rejects.toThrow(/expected the columns source, split, row, action, to with commas between/);
    await expect(cleanStore(dir, { csv: '/nowhere.csv' })).rejects.toMatchObject({ code: 'not-found' });
    const all = (await rowsOf(dir)).map(({ source, row }) => `made-up,${['train', 'val', 'test'][source]},${row},drop,`).join('\n');
    await expect(clean(dir, all, { locked: true })).rejects.toMatchObject({ code: 'nothing-left' });
    expect(await rowsOf(dir)).toEqual(before);
    expect(readdirSync(join(dir, '..'))).toEqual(['s']);
  });

  it('of two at once the second is refused', async () => {
    const dir = fullStore();
    const results = await Promise.allSettled([clean(dir, 'made-up,train,0,drop,'), clean(dir, 'made-up,train,1,drop,')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((results.find(({ status }) => status === 'rejected') as PromiseRejectedResult).reason).toMatchObject({ code: 'changed-meanwhile' });
    expect((await openStore(dir)).manifest.count).toBe(9);
  });

  it('a store that another cleaning replaced while it was read is not called damaged', async () => {
    const dir = fullStore();
    const damaged = () => Promise.reject(new UserError('corrupt-store', 'a file ends early'));
    await expect(whileUnchanged(dir, damaged)).rejects.toMatchObject({ code: 'corrupt-store' });
    const replaced = async () => {
      await clean(dir, 'made-up,train,0,drop,');
      return damaged();
    };
    await expect(whileUnchanged(dir, replaced)).rejects.toMatchObject({ code: 'changed-meanwhile' });
  });

  it('opens a store of format 1 and writes format 2', async () => {
    const dir = fullStore({ train: [0, 1], private: [2] });
    const path = join(dir, 'manifest.json');
    const { history, ...old } = JSON.parse(readFileSync(path, 'utf8'));
    expect(history).toEqual([]);
    old.formatVersion = 1;
    for (const split of old.splits) delete split.locked;
    write(dir, 'manifest.json', JSON.stringify(old));
    const store = await openStore(dir);
    expect([store.isLocked('train'), store.isLocked('private'), store.manifest.history]).toEqual([false, true, []]);
    await clean(dir, 'made-up,train,0,drop,');
    expect((await openStore(dir)).manifest).toMatchObject({ formatVersion: 2, count: 2 });
  });

  it('killed at any moment leaves the old store or the new one', async () => {
    const dir = fullStore({ train: Array.from({ length: 3000 }, (_, i) => i % 3) });
    const csv = write(temporaryDir(), 'changes.csv', `${header}\nmade-up,train,0,drop,\n`);
    const script = `
      import { cleanStore } from '@mien/data';
      console.log('ready');
      await cleanStore(${JSON.stringify(dir)}, { csv: ${JSON.stringify(csv)} });`;
    for (const delayMs of [0, 10, 40]) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        cwd: new URL('../..', import.meta.url),
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      await once(child.stdout, 'data');
      const exit = once(child, 'exit');
      setTimeout(() => child.kill('SIGKILL'), delayMs);
      await exit;
      const { count, history } = (await openStore(dir)).manifest;
      expect(count).toBe(3000 - history.filter(({ kind }) => kind === 'clean').length);
      if (count < 3000) await undoCleaning(dir);
      expect((await rowsOf(dir)).length).toBe((await openStore(dir)).manifest.count);
      if ((await openStore(dir)).manifest.history.some(({ undo }) => undo)) await undoCleaning(dir);
    }
  });
});
