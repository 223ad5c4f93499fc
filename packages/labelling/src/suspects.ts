/**
 * Pictures that end their worker (a crash in a native library, memory used up, a decoder that never returns) cannot
 * report themselves. From a chunk's second attempt on, each picture is noted before work on it begins; one that three
 * attempts in a row ended on is set aside. One or two may be chance: workers are also killed for other reasons.
 */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** Attempts that must end on the same picture. */
const endsToBeSetAside = 3;

const noteSchema = z.object({
  /** The picture in work, by its place in the chunk. */
  at: z.number().int(),
  /** Attempts in a row that ended there, not counting the one in work. */
  ends: z.number().int(),
  /** Pictures set aside. */
  aside: z.array(z.number().int()).readonly(),
});
type Note = z.infer<typeof noteSchema>;

export class Suspects {
  readonly #file: string;
  readonly #before: Note;

  private constructor(file: string, before: Note) {
    this.#file = file;
    this.#before = before;
  }

  /** Reads what earlier attempts at the chunk left. */
  static async open(folder: string, chunk: number): Promise<Suspects> {
    const file = join(folder, `${chunk}.json`);
    // Missing or cut short by a kill: then nothing is known.
    const text = await readFile(file, 'utf8').catch(() => '');
    const parsed = text === '' ? undefined : noteSchema.safeParse(parseJson(text));
    const before = parsed?.data ?? { at: -1, ends: 0, aside: [] };
    if (before.ends + 1 >= endsToBeSetAside && before.at >= 0) return new Suspects(file, { at: -1, ends: 0, aside: [...before.aside, before.at] });
    return new Suspects(file, before);
  }

  /** Places in the chunk that are not to be touched. */
  get aside(): readonly number[] {
    return this.#before.aside;
  }

  /** Notes that work on a picture begins. Synchronous: it must be on disk before a crash can happen. */
  begin(at: number): void {
    this.#write({ at, ends: at === this.#before.at ? this.#before.ends + 1 : 0, aside: this.#before.aside });
  }

  /** Notes that no picture is in work: whatever ends the attempt now is no picture's doing. */
  clear(): void {
    this.#write({ at: -1, ends: 0, aside: this.#before.aside });
  }

  forget(): void {
    rmSync(this.#file, { force: true });
  }

  #write(note: Note): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    const handle = openSync(this.#file, 'w');
    try {
      writeSync(handle, JSON.stringify(note));
    } finally {
      closeSync(handle);
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
