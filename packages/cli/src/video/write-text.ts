/** A text file that grows at the writer's pace. */
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { UserError } from '@mien/runtime';
import { writeAll } from './write-all.ts';

export interface TextWriter {
  /** Throws `UserError` `unwritable`. */
  write(text: string): Promise<void>;
  /** Puts the file in its place. Throws `UserError` `unwritable`. */
  finish(): Promise<void>;
  /** Gives up; no file is left. */
  discard(): Promise<void>;
}

/** Written beside its place and renamed over it in the end. Throws `UserError` `not-found` when the folder does not exist. */
export function writeText(file: string): TextWriter {
  if (!existsSync(dirname(file))) throw new UserError('not-found', `${file}: there is no folder ${dirname(file)}; make it first`);
  const part = `${file}.part`;
  const stream = createWriteStream(part);
  // Told by the write that meets it.
  stream.on('error', () => {});
  const failed = (cause: unknown): never => {
    // A write after the failure is refused without the reason.
    const reason = stream.errored ?? (cause as Error);
    throw new UserError('unwritable', `${file}: cannot be written (${reason.message})`, { cause: reason });
  };
  return {
    async write(text) {
      if (text !== '') await writeAll(stream, text).catch(failed);
    },
    async finish() {
      stream.end();
      await finished(stream).catch(failed);
      renameSync(part, file);
    },
    async discard() {
      stream.destroy();
      // A file that is only being opened would come into being after its removal.
      await finished(stream).catch(() => {});
      rmSync(part, { force: true });
    },
  };
}
