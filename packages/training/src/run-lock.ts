/** One training at a time in a run folder: two would overwrite each other's checkpoints. */
import { closeSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { UserError } from '@mien/runtime';
import { explainWriteError } from './run-folder.ts';

/** The holder touches its lock this often; one not touched for `staleMs` was left by a process that died. */
const touchMs = 10_000;
const staleMs = 60_000;

/** Folders this process is training in: for these a process number says nothing. */
const held = new Set<string>();

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The process that holds the lock, or undefined where it was left behind. */
function holderOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    if (pid === process.pid) return held.has(file) ? pid : undefined;
    // The age matters too: process numbers are used again, in containers at once.
    return pid > 0 && isAlive(pid) && Date.now() - statSync(file).mtimeMs < staleMs ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the lock and returns what gives it back. Throws `UserError` `run-in-use`. */
export function takeRunLock(file: string, dir: string): () => void {
  for (let attempt = 0; ; attempt++) {
    try {
      const fd = openSync(file, 'wx');
      writeSync(fd, String(process.pid));
      closeSync(fd);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw explainWriteError(error, file);
      const holder = holderOf(file);
      if (holder !== undefined || attempt > 3) {
        throw new UserError('run-in-use', `${dir}: process ${holder ?? 'unknown'} is training here; wait for it or choose another --out`);
      }
      rmSync(file, { force: true });
    }
  }
  held.add(file);
  const timer = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // The folder was deleted under us; the next checkpoint will say so.
    }
  }, touchMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    held.delete(file);
    rmSync(file, { force: true });
  };
}
