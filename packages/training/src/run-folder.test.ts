import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDir } from '../test/tiny-store.ts';
import { isRunFolder, runFolder, writeAtomically } from './run-folder.ts';

describe('run folder', () => {
  it('is known by its recipe', () => {
    const dir = temporaryDir();
    expect(isRunFolder(dir)).toBe(false);
    writeFileSync(runFolder(dir).recipe, '{}');
    expect(isRunFolder(dir)).toBe(true);
  });

  it('replaces a file as a whole and leaves nothing beside it', () => {
    const dir = temporaryDir();
    const file = join(dir, 'f');
    writeAtomically(file, 'old');
    writeAtomically(file, Uint8Array.of(1, 2, 3));
    expect([...readFileSync(file)]).toEqual([1, 2, 3]);
    expect(readdirSync(dir)).toEqual(['f']);
  });

  it('keeps the old file where the new one cannot be written', () => {
    const dir = temporaryDir();
    const file = join(dir, 'f');
    writeAtomically(file, 'old');
    mkdirSync(`${file}.partial`);
    expect(() => writeAtomically(file, 'new')).toThrow();
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(existsSync(file)).toBe(true);
  });
});
