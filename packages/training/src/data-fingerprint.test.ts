import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDir, writeTinyStore } from '../test/tiny-store.ts';
import { checkSameData, fingerprintOf } from './data-fingerprint.ts';

/** A copy of the store with one byte of a column changed. */
function changed(store: string, column: string, at: number): string {
  const copy = join(temporaryDir(), 'copy');
  cpSync(store, copy, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8'));
  const file = join(copy, manifest.columns[column].file);
  const bytes = readFileSync(file);
  bytes[at]! ^= 1;
  writeFileSync(file, bytes);
  return copy;
}

describe('the fingerprint of a store', () => {
  it('is the same for a copy elsewhere, and another for other labels, votes, images, splits', async () => {
    const store = writeTinyStore(join(temporaryDir(), 'store'), { train: 16, val: 7 }, { votes: true });
    const own = await fingerprintOf(store);
    expect(own).toMatchObject({ name: 'tiny', count: 23 });
    const copy = join(temporaryDir(), 'copy');
    cpSync(store, copy, { recursive: true });
    expect(await fingerprintOf(copy)).toEqual(own);
    expect((await fingerprintOf(changed(store, 'labels', 20))).hash).not.toBe(own.hash);
    expect((await fingerprintOf(changed(store, 'votes', 3))).hash).not.toBe(own.hash);
    expect((await fingerprintOf(changed(store, 'images', 5000))).hash).not.toBe(own.hash);
    const divided = writeTinyStore(join(temporaryDir(), 'divided'), { train: 17, val: 6 }, { votes: true });
    expect((await fingerprintOf(divided)).hash).not.toBe(own.hash);
  });

  it('refuses other data in one line, and believes a folder that does not tell', async () => {
    const data = { name: 'faces', count: 3, hash: 'a' };
    expect(() => checkSameData(undefined, data, 'runs/a', 'run')).not.toThrow();
    expect(() => checkSameData(data, { ...data }, 'runs/a', 'run')).not.toThrow();
    expect(() => checkSameData(data, { ...data, name: 'other', count: 4 }, 'runs/a', 'sweep')).toThrow(
      'runs/a: the sweep was begun with other data (faces of 3 images, now other of 4 images); go on with that --data, or start in another --out',
    );
    expect(() => checkSameData(data, { ...data, hash: 'b' }, 'runs/a', 'run')).toThrow(/now faces of 3 images, with other labels, splits, people or images\)/);
    expect(() => checkSameData({ ...data, people: '' }, { ...data, people: 'p' }, 'runs/a', 'run')).toThrow(/other labels, splits, people/);
    // Folders of before do not tell of people.
    expect(() => checkSameData(data, { ...data, people: 'p' }, 'runs/a', 'run')).not.toThrow();
  });
});
