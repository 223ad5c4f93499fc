/** Folders of the files a command will write. */
import { dirname } from 'node:path';
import { makeFolder } from '@mien/training/run-folder';

/** Makes the folders of these files, before the work that fills them begins. Throws `UserError` where that cannot be. */
export function makeRoomFor(...files: readonly (string | undefined)[]): void {
  for (const file of files) if (file !== undefined) makeFolder(dirname(file));
}
