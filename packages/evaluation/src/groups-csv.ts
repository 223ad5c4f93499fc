/** Which group of people each row belongs to, from a csv the user brings. */
import { readFile } from 'node:fs/promises';
import { UserError } from '@mien/runtime';
import { CsvError, parse } from 'csv-parse/sync';

/** Column names that are understood, lower case. */
const rowColumn = 'row';
const groupColumn = 'group';

/**
 * Reads a csv with the columns `row` (number within the evaluated split, from 0) and `group`; others are passed over.
 * Returns the group of each row that has one. Throws `UserError` `not-found`, or `bad-groups` naming the line.
 */
export async function readGroups(file: string, count: number): Promise<Map<number, string>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new UserError('not-found', `${file}: cannot be read (${(cause as NodeJS.ErrnoException).code}); expected a csv with the columns row,group`, {
      cause,
    });
  }
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, { bom: true, trim: true, skip_empty_lines: true, relax_column_count: true, info: true }) as unknown as typeof records;
  } catch (error) {
    if (error instanceof CsvError) throw new UserError('bad-groups', `${file}: ${error.message}`, { cause: error });
    throw error;
  }
  const header = (records[0]?.record ?? []).map((name) => name.toLowerCase());
  const [rowAt, groupAt] = [header.indexOf(rowColumn), header.indexOf(groupColumn)];
  if (rowAt < 0 || groupAt < 0) {
    throw new UserError('bad-groups', `${file}: expected a first line with the columns row,group, got ${header.join(',') || 'an empty file'}`);
  }
  const groups = new Map<number, string>();
  for (const { record, info } of records.slice(1)) {
    // An empty cell would be row 0.
    const row = /^\d+$/.test(record[rowAt] ?? '') ? Number(record[rowAt]) : Number.NaN;
    const group = record[groupAt] ?? '';
    if (!Number.isInteger(row) || row < 0 || row >= count)
      throw new UserError('bad-groups', `${file}, line ${info.lines}: row ${record[rowAt]} is not within 0…${count - 1}, the rows of the split`);
    if (group === '') continue;
    if (groups.has(row)) throw new UserError('bad-groups', `${file}, line ${info.lines}: row ${row} has a group already; keep one line for it`);
    groups.set(row, group);
  }
  if (groups.size === 0) throw new UserError('bad-groups', `${file}: no row has a group`);
  const [only, second] = new Set(groups.values());
  if (second === undefined) throw new UserError('bad-groups', `${file}: all rows are of one group (${only}); a comparison needs two`);
  return groups;
}
