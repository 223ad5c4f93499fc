import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDir, write } from '../../test/fixtures.ts';
import { publishInside } from './publish.ts';

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
  mkdirSync(join(staged, 'a-directory-cannot-be-linked'));
  expect(() => publishInside(staged, target, true)).toThrow();
  expect(readFileSync(join(target, 'images.u8'), 'utf8')).toBe('one');
  expect(readFileSync(join(target, 'manifest.json'), 'utf8')).toContain('one');
});
