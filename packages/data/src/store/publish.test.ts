import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDir, write } from '../../test/fixtures.ts';
import { publishInside, takeBackInside } from './publish.ts';

/** A made-up store in `dir` whose files hold `text`. */
function storeFiles(dir: string, text: string): string {
  mkdirSync(dir, { recursive: true });
  write(dir, 'images.u8', text);
  write(dir, 'manifest.json', JSON.stringify({ formatVersion: 1, text }));
  return dir;
}

// A mounted volume cannot be made in a test; publishInside itself does not need one.
it('fills a directory that cannot be renamed, replacing a store by force', () => {
  const target = temporaryDir();
  publishInside(storeFiles(join(target, '.partial-a'), 'one'), target, false);
  expect(readdirSync(target).sort()).toEqual(['images.u8', 'manifest.json']);
  expect(() => publishInside(storeFiles(join(target, '.partial-b'), 'two'), target, false)).toThrow(expect.objectContaining({ code: 'exists' }));
  publishInside(join(target, '.partial-b'), target, true);
  expect(readFileSync(join(target, 'images.u8'), 'utf8')).toBe('two');
  expect(readdirSync(target).sort()).toEqual(['images.u8', 'manifest.json']);
});

it('puts the old store back when the new one cannot be moved in', () => {
  const target = temporaryDir();
  storeFiles(target, 'one');
  const staged = storeFiles(join(target, '.partial-a'), 'two');
  // A file that does not count as contents stands in the way.
  write(target, '.DS_Store', 'old');
  write(staged, '.DS_Store', 'new');
  expect(() => publishInside(staged, target, true)).toThrow();
  expect(readFileSync(join(target, 'images.u8'), 'utf8')).toBe('one');
  expect(readFileSync(join(target, 'manifest.json'), 'utf8')).toContain('one');
});

it.each(['while the old store leaves', 'while the new one comes', 'after both'])('a kill -9 %s leaves a whole store', (when) => {
  const target = temporaryDir();
  storeFiles(target, 'one');
  const staged = storeFiles(join(target, '.partial-a'), 'two');
  const old = join(target, '.partial-a.old');
  mkdirSync(old);
  renameSync(join(target, 'manifest.json'), join(old, 'manifest.json'));
  if (when !== 'while the old store leaves') {
    renameSync(join(target, 'images.u8'), join(old, 'images.u8'));
    linkSync(join(staged, 'images.u8'), join(target, 'images.u8'));
  }
  if (when === 'after both') linkSync(join(staged, 'manifest.json'), join(target, 'manifest.json'));
  takeBackInside(target, old);
  const expected = when === 'after both' ? 'two' : 'one';
  expect(readFileSync(join(target, 'images.u8'), 'utf8')).toBe(expected);
  expect(readFileSync(join(target, 'manifest.json'), 'utf8')).toContain(expected);
});

it('fills a directory with folders too', () => {
  const target = temporaryDir();
  const staged = join(target, '.partial-a');
  mkdirSync(join(staged, 'train/happy'), { recursive: true });
  write(staged, 'train/happy/1.png', 'a face');
  publishInside(staged, target, false);
  expect(readdirSync(target)).toEqual(['train']);
  expect(readFileSync(join(target, 'train/happy/1.png'), 'utf8')).toBe('a face');
});
