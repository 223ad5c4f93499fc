/** One download of a file at a time: two would write into the same partial file. */
import { open, readFile, rm, stat } from 'node:fs/promises';
import { UserError } from '@mien/runtime';
import { stallMs } from './http.ts';

/** Locks this process holds: for these its own number says nothing. */
const held = new Set<string>();

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function modifiedMs(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

/** Between taking a lock and writing into it whose it is. */
const signedWithinMs = 5000;

/** The process that holds the lock, 0 for one that has not said who it is yet, or undefined where it was left behind. */
async function holderOf(lock: string, partial: string): Promise<number | undefined> {
  const text = await readFile(lock, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // Taken a moment ago, and not signed yet.
  if (text === '' && Date.now() - (await modifiedMs(lock)) < signedWithinMs) return 0;
  const pid = Number(text);
  if (pid === process.pid) return held.has(lock) ? pid : undefined;
  // Process numbers are used again, in containers at once; a download that lives writes, or has just begun.
  const lastSign = Math.max(await modifiedMs(lock), await modifiedMs(partial));
  return pid > 0 && isAlive(pid) && Date.now() - lastSign < 2 * stallMs ? pid : undefined;
}

/** Takes `FILE.lock` until the returned function is called; one that was left behind is taken over. Throws `UserError` `busy`. */
export async function lockDownload(file: string, partial: string, what: string): Promise<() => Promise<void>> {
  const lock = `${file}.lock`;
  for (let attempt = 0; ; attempt++) {
    try {
      const handle = await open(lock, 'wx');
      held.add(lock);
      await handle.writeFile(String(process.pid));
      await handle.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = await holderOf(lock, partial);
      if (holder !== undefined || attempt > 2) throw new UserError('busy', `${what}: process ${holder || 'unknown'} is fetching it already; wait for it`);
      await rm(lock, { force: true });
    }
  }
  return async () => {
    held.delete(lock);
    await rm(lock, { force: true });
  };
}
