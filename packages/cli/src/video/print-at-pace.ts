/** Lines of JSON on standard output at the reader's pace: a video has very many, and a slow reader must not let them pile up in memory. */
import { writeAll } from './write-all.ts';

/** Resolves when the line has been taken; where nobody reads any more, too, for then the stream's own `error` ends the process. */
export function printJsonAtPace(value: unknown): Promise<void> {
  return writeAll(process.stdout, `${JSON.stringify(value)}\n`).catch(() => {});
}
