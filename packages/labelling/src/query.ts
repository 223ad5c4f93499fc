/** SQL over the labels of a job. */
import type { DuckDBConnection, JS } from '@duckdb/node-api';
import { UserError } from '@mien/runtime';
import { makeViews, openLabels } from './database.ts';
import { requireManifest } from './manifest.ts';

/** A value as JSON has it. */
export type PlainValue = string | number | boolean | null | PlainValue[] | { [key: string]: PlainValue };
export type PlainRow = Record<string, PlainValue>;

export interface QueryResult {
  readonly columns: readonly string[];
  /** Rows as they are computed, never all in memory. */
  readonly rows: AsyncIterable<PlainRow>;
}

/** Chunks become shards while a job runs: a file that was there a moment ago may be gone. Looked for again this often. */
const looks = 3;

/**
 * Runs SQL (DuckDB's) over the tables `faces`, `images` and `errors` of a job's folder, finished or not, and hands the
 * result to `use`. Throws `UserError` `no-job`, or `bad-query` with what DuckDB says.
 */
export async function queryLabels<T>(dir: string, sql: string, use: (result: QueryResult) => Promise<T>): Promise<T> {
  const manifest = await requireManifest(dir);
  const database = await openLabels(dir);
  try {
    for (let look = 1; ; look++) {
      try {
        const result = await plainRows(database.connection, sql);
        return await use(result);
      } catch (cause) {
        const { message } = cause as Error;
        if (cause instanceof UserError) throw cause;
        if (manifest.state === 'done' || look === looks || !/No files found|Cannot open file/i.test(message)) {
          throw new UserError('bad-query', `the query cannot be run: ${message.split('\n')[0]}`, { cause });
        }
        await makeViews(database.connection, dir, manifest);
      }
    }
  } finally {
    database.close();
  }
}

/** A query's rows with plain values. */
export async function plainRows(connection: DuckDBConnection, sql: string): Promise<QueryResult> {
  const result = await connection.stream(sql);
  const columns = result.deduplicatedColumnNames();
  const rows = async function* (): AsyncGenerator<PlainRow> {
    for await (const block of result.yieldRowsJs()) {
      for (const row of block) yield Object.fromEntries(columns.map((name, i) => [name, plain(row[i] ?? null)]));
    }
  };
  return { columns, rows: rows() };
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
