/** What a query gives, computed to its end before the first row is handed out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResult, JS } from '@duckdb/node-api';
import { quote, readParquet } from './database.ts';

/** A value as JSON has it. */
export type PlainValue = string | number | boolean | null | PlainValue[] | { [key: string]: PlainValue };
export type PlainRow = Record<string, PlainValue>;

export interface QueryResult {
  readonly columns: readonly string[];
  /** Rows off the disk, never all in memory. */
  readonly rows: AsyncIterable<PlainRow>;
}

export interface ComputedRows extends QueryResult {
  /** Removes what was written for it. */
  close(): Promise<void>;
}

/** Of `StatementType`, whose module is loaded with DuckDB only. */
const selectStatement = 1;
/** Types that come back from Parquet as others. */
const lostInParquet = /HUGEINT|BIGNUM|INTERVAL|TIME WITH TIME ZONE|\bBIT\b|UNION|VARIANT|GEOMETRY/;

/**
 * The rows of a query. They go through a Parquet file: a stream of @duckdb/node-api ends at an error as if there were no
 * more rows, and the whole result may be larger than memory. What no such file can hold (EXPLAIN, several statements,
 * sums of 128 bits) stays in memory. Throws what DuckDB throws.
 */
export async function computeRows(connection: DuckDBConnection, sql: string): Promise<ComputedRows> {
  const query = sql.replace(/;\s*$/, '');
  const columns = await spillableColumns(connection, query);
  // With values, of several statements the last one's result is given; without, the first one's.
  if (!columns) return rowsOf(await connection.run(sql, []), async () => {});
  const folder = await mkdtemp(join(tmpdir(), 'mien-query-'));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const file = join(folder, 'rows.parquet');
    const copied = await connection.run(copyTo(query, file));
    const expected = Number((await copied.getRowsJS())[0]![0]);
    return rowsOf(await connection.stream(`SELECT * FROM ${readParquet([file])}`), close, { columns, expected });
  } catch (error) {
    await close();
    throw error;
  }
}

/** On lines of its own: the query may end in a comment. */
function copyTo(query: string, file: string): string {
  return `COPY (\n${query}\n) TO ${quote(file)} (FORMAT parquet, COMPRESSION lz4_raw)`;
}

/** The columns of a query that can go through a file as it is; undefined for any other, and for what cannot be run at all. */
async function spillableColumns(connection: DuckDBConnection, query: string): Promise<string[] | undefined> {
  const prepared: DuckDBPreparedStatement[] = [];
  try {
    const statement = await connection.prepare(query);
    prepared.push(statement);
    // DESCRIBE and SHOW are called SELECT too, and cannot be copied.
    prepared.push(await connection.prepare(copyTo(query, 'rows.parquet')));
    const columns = Array.from({ length: statement.columnCount }, (_, i) => i);
    const isFaithful = columns.every((i) => !lostInParquet.test(String(statement.columnType(i))));
    if (statement.statementType !== selectStatement || !isFaithful) return undefined;
    return deduplicated(columns.map((i) => statement.columnName(i)));
  } catch {
    return undefined;
  } finally {
    for (const statement of prepared) statement.destroySync();
  }
}

/** As DuckDB's `deduplicatedColumnNames`; a file would have names of its own for the second of two. */
function deduplicated(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before === 0 ? name : `${name}:${before}`;
  });
}

function rowsOf(
  result: DuckDBResult,
  close: () => Promise<void>,
  { columns = result.deduplicatedColumnNames(), expected }: { columns?: readonly string[]; expected?: number } = {},
): ComputedRows {
  const rows = async function* (): AsyncGenerator<PlainRow> {
    let given = 0;
    for await (const block of result.yieldRowsJs()) {
      given += block.length;
      for (const row of block) yield Object.fromEntries(columns.map((name, i) => [name, plain(row[i] ?? null)]));
    }
    // The stream keeps its own errors to itself.
    if (expected !== undefined && given !== expected) throw new Error(`${expected} rows were written to ${tmpdir()}, ${given} could be read back`);
  };
  return { columns, rows: rows(), close };
}

function plain(value: JS): PlainValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  // Sums and counts: JSON has no other numbers, and beyond 2⁵³ only text keeps every digit.
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner as JS)]));
  return String(value);
}
