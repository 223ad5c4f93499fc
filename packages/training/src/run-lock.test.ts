/** Locks of run folders that several machines share. */
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDir } from '../test/tiny-store.ts';
import { breakAbandonedLock, takeRunLock } from './run-lock.ts';

const lockIn = (): { file: string; dir: string } => {
  const dir = temporaryDir();
  return { file: join(dir, 'lock'), dir };
};
/** A process of another machine; its number is that of a living one here. */
const foreign = `${process.ppid} another-machine 1`;

describe('the lock of a run', () => {
  it('names its process and machine, and goes when it is given back', () => {
    const { file, dir } = lockIn();
    const unlock = takeRunLock(file, dir);
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${process.pid} ${hostname()} `));
    expect(() => takeRunLock(file, dir)).toThrow(expect.objectContaining({ code: 'run-in-use' }));
    unlock();
    takeRunLock(file, dir)();
  });

  it('of another machine holds while it is touched, whatever its process number says here', () => {
    const { file, dir } = lockIn();
    writeFileSync(file, foreign);
    expect(() => takeRunLock(file, dir)).toThrow(`process ${process.ppid} on another-machine is training here`);
    utimesSync(file, new Date(0), new Date(0));
    takeRunLock(file, dir)();
  });

  it('of a dead process of this machine does not hold', () => {
    const { file, dir } = lockIn();
    // Beyond the largest number Linux gives.
    writeFileSync(file, `99999999 ${hostname()} 1`);
    takeRunLock(file, dir)();
  });

  it('that has become another’s is not taken from it', () => {
    const { file, dir } = lockIn();
    const unlock = takeRunLock(file, dir);
    writeFileSync(file, foreign);
    unlock();
    expect(readFileSync(file, 'utf8')).toBe(foreign);
  });
});

describe('a lock that may have been left behind', () => {
  it('is removed when nobody touches it, however new it looks', async () => {
    const { file, dir } = lockIn();
    writeFileSync(file, foreign);
    expect(await breakAbandonedLock(file, { watchMs: 40 })).toBe(true);
    takeRunLock(file, dir)();
  });

  it('stays when somebody does, however old it looks', async () => {
    const { file } = lockIn();
    writeFileSync(file, foreign);
    utimesSync(file, new Date(0), new Date(0));
    const breaking = breakAbandonedLock(file, { watchMs: 60_000 });
    utimesSync(file, new Date(1000), new Date(1000));
    expect(await breaking).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe(foreign);
  });

  it('that is not there is free', async () => expect(await breakAbandonedLock(lockIn().file)).toBe(true));
});
