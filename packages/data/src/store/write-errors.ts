/** The operating system's refusals to write, in words a person can act on. */
import { UserError } from '@mien/runtime';

/** A UserError for what the user can mend (full disk, no permission, a file in the way); other errors pass unchanged. */
export function explainWriteError(error: unknown, target: string): unknown {
  if (error instanceof UserError) return error;
  const options = { cause: error };
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError('disk-full', `${target}: the disk is full; nothing was kept. Free space or choose a place on another disk`, options);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UserError('cannot-write', `${target}: not allowed to write there; choose a place you own`, options);
    case 'ENOTDIR':
    case 'EEXIST':
      return new UserError('cannot-write', `${target}: a file stands where a directory is needed; choose another place`, options);
    case 'ENAMETOOLONG':
      return new UserError('cannot-write', `${target}: the name is too long for the file system; choose a shorter one`, options);
    default:
      return error;
  }
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}
