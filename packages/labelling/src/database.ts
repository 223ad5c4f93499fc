/** DuckDB over the Parquet files of a job, finished or not. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DoneChunks } from './done-chunks.ts';
import { chunkFolder, labelFolder, shardFile, shardOf } from './label-folder.ts';
import { type Manifest, requireManifest } from './manifest.ts';
import { emptyTables } from './tables.ts';

export interface Database {
  readonly connection: DuckDBConnection;
  close(): void;
}

/** A database in memory. `threads` bounds what it takes from the workers beside it. */
export async function openDatabase(threads?: number): Promise<Database> {
  // Loaded here only: it is large, and workers do without.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    // Sorting more than memory holds; by default it would go to the folder the program was started in.
    temp_directory: join(tmpdir(), `mien-duckdb-${process.pid}`),
    ...(threads === undefined ? {} : { threads: String(threads) }),
  });
  const connection = await instance.connect();
  return {
    connection,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/**
 * A database with the tables of a job: `faces`, `images` (see `tables.ts`) and `errors`, the images set aside.
 * Throws `UserError` `no-job`.
 */
export async function openLabels(dir: string): Promise<Database> {
  const manifest = await requireManifest(dir);
  const database = await openDatabase();
  try {
    await makeViews(database.connection, dir, manifest);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Looks the folder through again and points the views at what is there now. */
export async function makeViews(connection: DuckDBConnection, dir: string, manifest: Manifest): Promise<void> {
  const files = await parquetFiles(dir, manifest.chunks ?? 0);
  const empty = emptyTables(manifest.options.model);
  for (const table of ['faces', 'images'] as const) {
    const rows = files[table].length > 0 ? `SELECT * FROM ${readParquet(files[table])}` : empty[table];
    await connection.run(`CREATE OR REPLACE VIEW ${table} AS ${rows}`);
  }
  await connection.run(
    'CREATE OR REPLACE VIEW errors AS SELECT item, source, entry, frame, time, error_code AS code, error FROM images WHERE error_code IS NOT NULL',
  );
}

/** Shards, and the folders of chunks that are in no shard yet, in the order of their items. */
async function parquetFiles(dir: string, chunks: number): Promise<{ faces: string[]; images: string[] }> {
  const folder = labelFolder(dir);
  const done = await DoneChunks.find(folder, chunks);
  const faces: string[] = [];
  const images: string[] = [];
  for (let chunk = 0; chunk < chunks; ) {
    const shard = shardOf(chunk);
    if (done.shards.has(shard)) {
      faces.push(shardFile(folder.faces, shard));
      images.push(shardFile(folder.images, shard));
      chunk += done.chunksOf(shard).length;
      continue;
    }
    const place = chunkFolder(folder.chunks, chunk);
    if (done.has(chunk) && existsSync(place)) {
      faces.push(join(place, 'faces.parquet'));
      images.push(join(place, 'images.parquet'));
    }
    chunk++;
  }
  return { faces, images };
}

/** A table function call over files. */
export function readParquet(files: readonly string[]): string {
  return `read_parquet([${files.map(quote).join(', ')}])`;
}

/** A string in SQL. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
