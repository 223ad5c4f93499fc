/** The files under a folder. */
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';

/** Names held at once: a folder with more of them is sorted piece by piece. */
const sortedAtOnce = 50_000;

/**
 * Paths of all files under `folder`, those of a folder before those of its folders, each sorted by code unit. Symbolic
 * links to files are followed, those to folders are not: they may lead in a circle. Hidden files and folders are left
 * out. A folder that cannot be read is reported and left out, but for the first one, which is a `UserError`.
 */
export async function* listFolder(folder: string, unreadable: (folder: string, reason: string) => void): AsyncGenerator<string> {
  const folders = [folder];
  for (let dir = folders.shift(); dir !== undefined; dir = folders.shift()) {
    try {
      for await (const { files, inner } of readSorted(dir)) {
        yield* files;
        for (const path of inner) folders.push(path);
      }
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code;
      if (reason === undefined) throw cause;
      if (dir === folder) throw new UserError('unreadable-folder', `${folder}: cannot be read (${reason}); check the path and its permissions`, { cause });
      unreadable(dir, reason);
    }
  }
}

async function* readSorted(dir: string): AsyncGenerator<{ files: string[]; inner: string[] }> {
  let files: string[] = [];
  let inner: string[] = [];
  for await (const entry of await opendir(dir, { bufferSize: 1024 })) {
    if (entry.name.startsWith('.')) continue;
    const path = join(dir, entry.name);
    if (entry.isDirectory()) inner.push(path);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) files.push(path);
    if (files.length + inner.length >= sortedAtOnce) {
      yield { files: files.sort(), inner: inner.sort() };
      files = [];
      inner = [];
    }
  }
  yield { files: files.sort(), inner: inner.sort() };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
