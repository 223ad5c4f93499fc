import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeText } from './write-text.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mien-text-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test('the file is there when it is finished, and only then', async () => {
  const file = join(dir, 'table.csv');
  const text = writeText(file);
  await text.write('a\n');
  await text.write('');
  await text.write('b\n');
  expect(readdirSync(dir)).toEqual(['table.csv.part']);
  await text.finish();
  expect(readFileSync(file, 'utf8')).toBe('a\nb\n');
  expect(readdirSync(dir)).toEqual(['table.csv']);
});

test('given up, even at once, it leaves nothing', async () => {
  await writeText(join(dir, 'table.csv')).discard();
  expect(readdirSync(dir)).toEqual([]);
  expect(() => writeText(join(dir, 'no/table.csv'))).toThrow(expect.objectContaining({ code: 'not-found' }));
});

test('a place that cannot be written says why, at the first line and at the end', async () => {
  // A folder where the unfinished file would lie.
  mkdirSync(join(dir, 'table.csv.part'));
  const text = writeText(join(dir, 'table.csv'));
  const unwritable = { code: 'unwritable', message: expect.stringContaining('EISDIR') };
  await expect(text.write('a\n')).rejects.toMatchObject(unwritable);
  await expect(text.write('b\n')).rejects.toMatchObject(unwritable);
  await expect(text.finish()).rejects.toMatchObject(unwritable);
});
