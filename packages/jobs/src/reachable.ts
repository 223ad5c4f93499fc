/** Whether folders and files are there, from where a worker stands. */
import { opendir, stat } from 'node:fs/promises';

/** The first path that is missing, or is a folder with nothing in it: the place of a disk that is not mounted. */
export async function unreachable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (!(await isReachable(path))) return path;
  return undefined;
}

async function isReachable(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isDirectory()) return true;
    const dir = await opendir(path);
    const first = await dir.read();
    await dir.close();
    return first !== null;
  } catch {
    return false;
  }
}
