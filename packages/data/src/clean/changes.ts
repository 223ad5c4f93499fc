/** The csv that says what becomes of rows: written by the doctor, edited by a person, applied by `cleanStore`. */
import { createReadStream } from 'node:fs';
import { UserError } from '@mien/runtime';
import { CsvError, parse } from 'csv-parse';
import { explainReadError } from '../import/read-error.ts';

const actions = ['keep', 'drop', 'relabel', 'move'] as const;
export type Action = (typeof actions)[number];

/** A row by its identity (source, split of the source, row number there), and what becomes of it. */
export interface Change {
  source: string;
  split: string;
  row: number;
  action: Action;
  /** The new label of `relabel`, the new split of `move`; a proposal under `keep`. */
  to: string;
}

/** A change with what a person wants to know of the row; only the columns of {@link Change} are read back. */
export interface ProposedChange extends Change {
  /** Split the row is in now. */
  in: string;
  label: string;
  reason: string;
}

/** What is read, and beside it what helps to decide. */
const columns = ['source', 'split', 'row', 'action', 'to', 'in', 'label', 'reason'] as const;
const needed = ['source', 'split', 'row', 'action', 'to'] as const;

/** The csv with a header, RFC 4180; `more` are columns beside the usual ones, which help to decide and are not read back. */
export function formatChanges<T extends ProposedChange>(changes: readonly T[], more: readonly (keyof T & string)[] = []): string {
  const all: readonly (keyof T & string)[] = [...columns, ...more];
  return [all.join(','), ...changes.map((change) => all.map((column) => quote(String(change[column]))).join(','))].join('\n') + '\n';
}

/** A change as it stands in a file. */
export interface ReadChange extends Change {
  /** Line of the file, from 1. */
  line: number;
}

/**
 * The changes in a csv; lines that say `keep` are left out, columns of other names passed over.
 * @throws UserError `not-found`, `bad-changes` naming the line.
 */
export async function readChanges(path: string): Promise<ReadChange[]> {
  const parser = parse({ bom: true, trim: true, skip_empty_lines: true, info: true, relax_column_count: true });
  createReadStream(path)
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  const changes: ReadChange[] = [];
  const lineOf = new Map<string, number>();
  let header: Map<string, number> | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (!header) {
        header = readHeader(record, path);
        continue;
      }
      const change = readChange(record, header, info.lines, path);
      const key = `${change.source}/${change.split}/${change.row}`;
      const before = lineOf.get(key);
      if (before !== undefined)
        throw new UserError('bad-changes', `${path}, line ${info.lines}: row ${key} already stands in line ${before}; keep one of them`);
      lineOf.set(key, info.lines);
      if (change.action !== 'keep') changes.push(change);
    }
  } catch (error) {
    if (error instanceof CsvError) throw new UserError('bad-changes', `${path}: ${error.message}`, { cause: error });
    throw explainReadError(error, path);
  }
  if (!header) throw new UserError('bad-changes', `${path}: expected the columns ${needed.join(', ')}, the file is empty`);
  return changes;
}

function readHeader(names: string[], path: string): Map<string, number> {
  const header = new Map(names.map((name, column) => [name.toLowerCase(), column]));
  const missing = needed.filter((name) => !header.has(name));
  if (missing.length > 0) {
    throw new UserError('bad-changes', `${path}: expected the columns ${needed.join(', ')} with commas between; there is no ${missing.join(', ')}`);
  }
  return header;
}

function readChange(record: string[], header: ReadonlyMap<string, number>, line: number, path: string): ReadChange {
  const field = (name: (typeof needed)[number]) => record[header.get(name) as number] ?? '';
  const fail = (what: string) => new UserError('bad-changes', `${path}, line ${line}: ${what}`);
  const action = field('action').toLowerCase() as Action;
  if (!actions.includes(action)) throw fail(`expected the action ${actions.join(', ')}, came ${JSON.stringify(field('action'))}`);
  if (!/^\d{1,10}$/.test(field('row'))) throw fail(`expected a row number, came ${JSON.stringify(field('row'))}`);
  if ((action === 'relabel' || action === 'move') && field('to') === '') {
    throw fail(`${action} needs ${action === 'move' ? 'a split' : 'a label'} in the column to`);
  }
  return { source: field('source'), split: field('split'), row: Number(field('row')), action, to: field('to'), line };
}

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
