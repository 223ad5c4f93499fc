/** One process hands out the chunks of a folder: two would do everything twice and write one manifest. */
import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { UserError } from '@mien/runtime';
import { z } from 'zod';
import { explainWriteError } from './write-file.ts';

/** The holder touches its lock this often; one not touched for `staleMs` was left by a process that died. */
const touchMs = 10_000;
const staleMs = 60_000;

const holderSchema = z.object({ pid: z.number().int().positive(), host: z.string() });
type Holder = z.infer<typeof holderSchema>;

/** Who holds the lock, or undefined where nobody does or it was left behind. */
export function lockHolder(file: string): Holder | undefined {
  try {
    const holder = holderSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    // The age matters too: process numbers are used again, and say nothing of another machine.
    const fresh = Date.now() - statSync(file).mtimeMs < staleMs;
    return fresh && (holder.host !== hostname() || isAlive(holder.pid)) ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the lock and returns what gives it back. Throws `UserError` `job-in-use`. */
export function takeFolderLock(file: string, dir: string): () => void {
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname() } satisfies Holder), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw explainWriteError(error, file);
      const holder = lockHolder(file);
      if (holder || attempt > 3) {
        const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
        throw new UserError('job-in-use', `${dir}: ${who} is labelling here; wait for it, stop it with \`mien label cancel\`, or choose another --out`);
      }
      rmSync(file, { force: true });
    }
  }
  const timer = setInterval(() => {
    // A folder that was deleted under us is told by the next write.
    if (existsSync(file)) utimesSync(file, new Date(), new Date());
  }, touchMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    rmSync(file, { force: true });
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
