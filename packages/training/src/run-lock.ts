/** One training at a time in a run folder: two would overwrite each other's checkpoints. The folder may be shared by many machines. */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@mien/runtime';
import { explainWriteError } from './run-folder.ts';

/** The holder touches its lock this often; one not touched for `staleMs` was left by a process that died. */
const touchMs = 10_000;
const staleMs = 60_000;
/** Three touches and a half: a lock that was watched for so long without one has no holder. */
const silenceMs = 35_000;

/** Locks of this process by file: for these a process number says nothing. */
const held = new Set<string>();

interface Holder {
  readonly pid: number;
  /** Its machine; locks of before name none, and mean this one. */
  readonly host: string;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The process that holds the lock, or undefined where it was left behind. */
function holderOf(file: string): Holder | undefined {
  try {
    const [number, host = hostname()] = readFileSync(file, 'utf8').split(' ');
    const holder = { pid: Number(number), host };
    // The age matters too: process numbers are used again, in containers at once, and say nothing of another machine.
    const isFresh = Date.now() - statSync(file).mtimeMs < staleMs;
    if (host !== hostname()) return isFresh ? holder : undefined;
    if (holder.pid === process.pid) return held.has(file) ? holder : undefined;
    return holder.pid > 0 && isAlive(holder.pid) && isFresh ? holder : undefined;
  } catch {
    return undefined;
  }
}

function inUse(dir: string, holder: Holder | undefined): UserError {
  const who = holder ? `process ${holder.pid}${holder.host === hostname() ? '' : ` on ${holder.host}`}` : 'another process';
  return new UserError('run-in-use', `${dir}: ${who} is training here; wait for it or choose another --out`);
}

/**
 * Takes the lock and returns what gives it back. `onLost` is told once when it has become another's, which thought us dead:
 * whatever is written after that would be written over its files. Throws `UserError` `run-in-use`.
 */
export function takeRunLock(file: string, dir: string, onLost?: () => void): () => void {
  const mark = `${process.pid} ${hostname()} ${randomUUID()}`;
  for (let attempt = 0; ; attempt++) {
    try {
      const fd = openSync(file, 'wx');
      writeSync(fd, mark);
      closeSync(fd);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw explainWriteError(error, file);
      const holder = holderOf(file);
      if (holder !== undefined || attempt > 3) throw inUse(dir, holder);
      rmSync(file, { force: true });
    }
  }
  held.add(file);
  const timer = setInterval(() => {
    if (!isOurs(file, mark)) {
      clearInterval(timer);
      onLost?.();
      return;
    }
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // A share that is away for a moment; the next checkpoint will say so where it stays away.
    }
  }, touchMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    held.delete(file);
    if (isOurs(file, mark)) rmSync(file, { force: true });
  };
}

/** Only a file that says something else is another's: one that cannot be read just now says nothing. */
function isOurs(file: string, mark: string): boolean {
  try {
    return readFileSync(file, 'utf8') === mark;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/**
 * Watches a lock that another machine, or a hung process, may have left behind, and removes it when nobody touched it all the
 * while; clocks of different machines are not compared. Resolves false where somebody did touch it.
 */
export async function breakAbandonedLock(file: string, { watchMs = silenceMs, signal }: { watchMs?: number; signal?: AbortSignal } = {}): Promise<boolean> {
  const look = (): string | undefined => {
    try {
      return `${readFileSync(file, 'utf8')} ${statSync(file).mtimeMs}`;
    } catch {
      return undefined;
    }
  };
  const before = look();
  for (const until = Date.now() + watchMs; before !== undefined && Date.now() < until; ) {
    await sleep(Math.min(1000, watchMs / 4), undefined, signal ? { signal } : {});
    const now = look();
    if (now === undefined) return true;
    if (now !== before) return false;
  }
  rmSync(file, { force: true });
  return true;
}
