/** The operating system's refusals to read, in words a person can act on. */
import { UserError } from '@mien/runtime';

/** A UserError for a path that is missing, forbidden or of the wrong kind; other errors pass unchanged. */
export function explainReadError(error: unknown, path: string): unknown {
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'ENOENT':
      return new UserError('not-found', `${path}: there is no such file or folder; check the path`, { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new UserError('unreadable-file', `${path}: not allowed to read it; check its permissions`, { cause: error });
    case 'EISDIR':
      return new UserError('unreadable-file', `${path}: expected a file, this is a folder`, { cause: error });
    case 'ENOTDIR':
      return new UserError('unreadable-file', `${path}: expected a folder, this is a file`, { cause: error });
    default:
      return error;
  }
}
