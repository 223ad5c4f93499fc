/** Files of JSON that Mien wrote itself, and something else may have damaged. */
import { readFileSync } from 'node:fs';
import { UserError } from '@mien/runtime';

/** Throws `UserError` `bad-file` where the file is no JSON or cannot be read; `remedy` says what to do then. */
export function readJson(file: string, remedy: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new UserError('bad-file', `${file}: cannot be read (${(cause as Error).message}); ${remedy}`, { cause });
  }
}
