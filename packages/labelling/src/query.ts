/** SQL over the labels of a job. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '@mien/runtime';
import { makeViews, openLabels } from './database.ts';
import { type Manifest, requireManifest } from './manifest.ts';
import { type ComputedRows, computeRows, type PlainRow, type QueryResult } from './query-rows.ts';

/** Chunks become shards while a job runs: a file that was there a moment ago may be gone. Looked for again this often. */
const looks = 3;

/**
 * Runs SQL (DuckDB's) over the tables `faces`, `images` and `errors` of a job's folder, finished or not, and hands the
 * result to `use`, once and whole. Throws `UserError` `no-job`, or `bad-query` with what DuckDB says.
 */
export async function queryLabels<T>(dir: string, sql: string, use: (result: QueryResult) => Promise<T>): Promise<T> {
  const manifest = await requireManifest(dir);
  const database = await openLabels(dir);
  try {
    const result = await compute(database.connection, sql, dir, manifest);
    try {
      return await use({ columns: result.columns, rows: plainly(result.rows) });
    } finally {
      await result.close();
    }
  } finally {
    database.close();
  }
}

/** Not every value of DuckDB's has a plain one: a date without end has none. */
async function* plainly(rows: AsyncIterable<PlainRow>): AsyncGenerator<PlainRow> {
  try {
    yield* rows;
  } catch (cause) {
    throw badQuery(cause as Error);
  }
}

function badQuery(cause: Error): UserError {
  return new UserError('bad-query', `the query cannot be run: ${cause.message.split('\n')[0]}`, { cause });
}

async function compute(connection: DuckDBConnection, sql: string, dir: string, manifest: Manifest): Promise<ComputedRows> {
  for (let look = 1; ; look++) {
    try {
      return await computeRows(connection, sql);
    } catch (cause) {
      const { message } = cause as Error;
      if (manifest.state === 'done' || look === looks || !/No files found|Cannot open file/i.test(message)) {
        throw badQuery(cause as Error);
      }
      await makeViews(connection, dir, manifest);
    }
  }
}
