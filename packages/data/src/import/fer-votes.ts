/** The FER+ votes (Barsoum et al. 2016): ten annotators' votes for each row of fer2013.csv, matched by position alone. */
import { createReadStream } from 'node:fs';
import { UserError } from '@mien/runtime';
import { CsvError, parse } from 'csv-parse';
import { ferSplits } from './fer-usage.ts';
import { explainReadError } from './read-error.ts';

/** The columns of votes, in the order of FER+'s own files. */
export const ferPlusNames = ['neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt', 'unknown', 'NF'] as const;

interface UsageVotes {
  /** [n,10]. */
  votes: number[];
  /** Data row of the votes file, from 1, of each. */
  rows: number[];
}

/** The votes file in memory (1.4 MB for the whole of FER2013), and the check that it keeps step with the csv. */
export class FerVotes {
  readonly path: string;
  /** Usage of each data row. */
  readonly usages: string[] = [];
  readonly #byUsage = new Map<string, UsageVotes>();

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws UserError `not-found`, `bad-votes` naming the row. */
  static async read(path: string): Promise<FerVotes> {
    const votes = new FerVotes(path);
    const parser = parse({ bom: true, trim: true, skip_empty_lines: true, info: true });
    createReadStream(path)
      .on('error', (error) => parser.destroy(error))
      .pipe(parser);
    let header: number[] | undefined;
    let usageColumn = 0;
    try {
      for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
        if (!header) {
          ({ header, usageColumn } = readHeader(record, path));
        } else {
          votes.#add(record, header, usageColumn, info.lines);
        }
      }
    } catch (error) {
      if (error instanceof CsvError) throw new UserError('bad-votes', `${path}: ${error.message}`, { cause: error });
      throw explainReadError(error, path);
    }
    if (votes.usages.length === 0) throw new UserError('bad-votes', `${path}: expected a header and a row of votes for each csv row, the file is empty`);
    return votes;
  }

  /** Votes [10] of the `index`-th row (from 0) of a usage; undefined beyond the last. */
  of(usage: string, index: number): Uint8Array | undefined {
    const found = this.#byUsage.get(usage);
    const start = index * ferPlusNames.length;
    return found && start < found.votes.length ? Uint8Array.from(found.votes.slice(start, start + ferPlusNames.length)) : undefined;
  }

  /**
   * Files of one length must agree row by row. A csv of a part (PrivateTest alone, say) goes with votes of the whole, and
   * the other way round, as long as each usage of the csv has as many votes as rows.
   * @param csvUsages Usage of each data row of the csv.
   * @throws UserError `votes-out-of-step` naming the first row that does not fit.
   */
  checkStep(csvUsages: readonly string[], csvPath: string): void {
    const longer = csvUsages.length > this.usages.length ? csvUsages : this.usages;
    const differs = longer.findIndex((_, row) => csvUsages[row] !== this.usages[row]);
    if (csvUsages.length === this.usages.length) {
      if (differs >= 0) throw this.#outOfStep(`row ${differs + 1} is ${this.usages[differs]} here and ${csvUsages[differs]} in ${csvPath}`);
      return;
    }
    for (const usage of new Set(csvUsages)) {
      const rows = this.#byUsage.get(usage)?.rows ?? [];
      const expected = csvUsages.reduce((sum, each) => sum + (each === usage ? 1 : 0), 0);
      if (rows.length === expected) continue;
      const counts = `${rows.length} rows of ${usage} here, ${expected} in ${csvPath}`;
      if (rows.length === 0) throw this.#outOfStep(`no votes for row ${csvUsages.indexOf(usage) + 1} (${usage}): ${counts}`);
      throw this.#outOfStep(`row ${differs + 1} is ${this.usages[differs] ?? 'missing'} here and ${csvUsages[differs] ?? 'missing'} in ${csvPath}: ${counts}`);
    }
  }

  #outOfStep(what: string): UserError {
    return new UserError(
      'votes-out-of-step',
      `${this.path}: expected one row of votes for each csv row in the same order; ${what}. Use the unedited pair of files, or import without votes`,
    );
  }

  #add(record: string[], columns: number[], usageColumn: number, line: number): void {
    const row = this.usages.length + 1;
    const fail = (what: string) => new UserError('bad-votes', `${this.path}, row ${row} (line ${line}): ${what}`);
    const usage = record[usageColumn] ?? '';
    if (!ferSplits.has(usage)) throw fail(`expected Usage ${[...ferSplits.keys()].join(', ')}, came ${JSON.stringify(usage)}`);
    const kept = this.#byUsage.get(usage) ?? { votes: [], rows: [] };
    this.#byUsage.set(usage, kept);
    for (const [index, column] of columns.entries()) {
      const text = record[column] ?? '';
      const vote = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
      if (!(vote <= 255)) throw fail(`expected a number of votes for ${ferPlusNames[index]}, came ${JSON.stringify(text)}`);
      kept.votes.push(vote);
    }
    kept.rows.push(row);
    this.usages.push(usage);
  }
}

function readHeader(names: string[], path: string): { header: number[]; usageColumn: number } {
  const find = (name: string): number => {
    const column = names.findIndex((each) => each.toLowerCase() === name.toLowerCase());
    if (column < 0) throw new UserError('bad-votes', `${path}: expected the columns Usage, ${ferPlusNames.join(', ')} of fer2013new.csv; there is no ${name}`);
    return column;
  };
  return { header: ferPlusNames.map(find), usageColumn: find('Usage') };
}
