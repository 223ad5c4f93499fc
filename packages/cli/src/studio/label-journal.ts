/** Decisions about rows, one line of csv each, on disk before the next is asked for. `mien data clean --csv` applies the file. */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { formatChanges, type ProposedChange, readChanges } from '@mien/data';
import { UserError } from '@mien/runtime';

const header = formatChanges([]);

/** Names a row for ever, whatever split it is moved to. */
export type RowName = Pick<ProposedChange, 'source' | 'split' | 'row'>;

export function rowKey({ source, split, row }: RowName): string {
  return `${source}/${split}/${row}`;
}

function lineOf(change: ProposedChange): string {
  return formatChanges([change]).slice(header.length);
}

/** The first fields of a line, quoted or not. */
const nameIn = /^(?<source>"(?:[^"]|"")*"|[^,]*),(?<split>"(?:[^"]|"")*"|[^,]*),(?<row>\d*),(?<action>\w*)/;

function unquoted(field: string): string {
  return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
}

export class LabelJournal {
  readonly file: string;
  readonly #fd: number;
  /** Where each line begins, and which row it decides, in order. */
  readonly #lines: { readonly at: number; readonly key: string; readonly action: string }[] = [];
  #length: number;

  private constructor(file: string, fd: number, length: number) {
    this.file = file;
    this.#fd = fd;
    this.#length = length;
  }

  /**
   * Opens the journal, or begins one. A last line without its end, left by a crash, is taken away; every whole line stays.
   * @throws UserError `bad-changes` when the file is no journal of ours, `cannot-write`.
   */
  static async open(file: string): Promise<LabelJournal> {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole !== '' && !whole.startsWith(header)) {
      throw new UserError('bad-changes', `${file}: expected a journal of \`mien studio\`, beginning with ${header.trim()}; move the file away`);
    }
    let fd: number;
    try {
      fd = openSync(file, existsSync(file) ? 'r+' : 'w+');
    } catch (cause) {
      throw new UserError(
        'cannot-write',
        `${file}: decisions cannot be saved there (${(cause as NodeJS.ErrnoException).code}); choose a folder that can be written`,
        {
          cause,
        },
      );
    }
    const journal = new LabelJournal(file, fd, Buffer.byteLength(whole));
    if (whole === '') journal.#append(header);
    else if (whole !== text) ftruncateSync(fd, journal.#length);
    // Fields with line breaks do not occur in lines of ours; what a person made of them is checked as `mien data clean` checks it.
    await readChanges(file);
    let at = Buffer.byteLength(header);
    for (const [i, line] of whole.slice(header.length).split('\n').slice(0, -1).entries()) {
      const found = nameIn.exec(line)?.groups;
      if (!found) {
        closeSync(fd);
        throw new UserError(
          'bad-changes',
          `${file}, line ${i + 2}: expected one decision a line, as source,split,row,action…, with no empty line and no line break in a field; mend the line`,
        );
      }
      const { source, split, row, action } = found as Record<string, string>;
      journal.#lines.push({ at, key: rowKey({ source: unquoted(source!), split: unquoted(split!), row: Number(row) }), action: action! });
      at += Buffer.byteLength(line) + 1;
    }
    return journal;
  }

  /** Keys of the rows that are decided, in order. */
  get decided(): readonly { readonly key: string; readonly action: string }[] {
    return this.#lines;
  }

  add(change: ProposedChange): void {
    const at = this.#length;
    this.#append(lineOf(change));
    this.#lines.push({ at, key: rowKey(change), action: change.action });
  }

  /** Takes the last line away; its row's key, or undefined when there is none. */
  undo(): string | undefined {
    const last = this.#lines.at(-1);
    if (!last) return undefined;
    ftruncateSync(this.#fd, last.at);
    fsyncSync(this.#fd);
    this.#length = last.at;
    this.#lines.pop();
    return last.key;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #append(text: string): void {
    const bytes = Buffer.from(text);
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done, bytes.length - done, this.#length + done);
      fsyncSync(this.#fd);
    } catch (cause) {
      ftruncateSync(this.#fd, this.#length);
      throw new UserError(
        'cannot-write',
        `${this.file}: the decision could not be saved (${(cause as NodeJS.ErrnoException).code}); free space, then decide again`,
        {
          cause,
        },
      );
    }
    this.#length += bytes.length;
  }
}
