/** The last part of a job: what it found is counted, errors are listed, what only the work needed is removed. */
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { makeViews, openDatabase, quote } from './database.ts';
import { type LabelFolder, shardFile } from './label-folder.ts';
import { type Manifest, type Totals, writeManifest } from './manifest.ts';
import { removeWorkFolders } from './open-job.ts';
import { computeRows } from './query-rows.ts';
import { shardBytes } from './shard-writer.ts';

/** Counts what is on disk, in shards and in folders of chunks. */
export async function countTotals(folder: LabelFolder, manifest: Manifest): Promise<Totals> {
  const database = await openDatabase(1);
  try {
    await makeViews(database.connection, folder.dir, manifest);
    return await totalsOf(database.connection);
  } finally {
    database.close();
  }
}

/** Completes the folder of a job whose chunks are all in shards; returns the manifest it wrote last. */
export async function finishJob(folder: LabelFolder, manifest: Manifest, shards: number): Promise<Manifest> {
  const database = await openDatabase(1);
  try {
    const { connection } = database;
    await makeViews(connection, folder.dir, manifest);
    const totals = await totalsOf(connection);
    await writeErrors(connection, folder);
    const done: Manifest = {
      ...manifest,
      state: 'done',
      totals,
      failed: [],
      finished: new Date().toISOString(),
      shards: await Promise.all(Array.from({ length: shards }, (_, shard) => describeShard(connection, folder, shard))),
    };
    await writeManifest(folder.dir, done);
    await removeWorkFolders(folder);
    return done;
  } finally {
    database.close();
  }
}

async function totalsOf(connection: DuckDBConnection): Promise<Totals> {
  const result = await connection.runAndReadAll('SELECT count(*), count(error_code), coalesce(sum(faces), 0) FROM images');
  const [images, errors, faces] = result.getRowsJS()[0]!.map(Number) as [number, number, number];
  return { images, faces, errors };
}

async function describeShard(connection: DuckDBConnection, folder: LabelFolder, shard: number): Promise<NonNullable<Manifest['shards']>[number]> {
  const [faces, images] = [shardFile(folder.faces, shard), shardFile(folder.images, shard)];
  const rows = async (file: string): Promise<number> => {
    const result = await connection.runAndReadAll(`SELECT num_rows FROM parquet_file_metadata(${quote(file)})`);
    return Number(result.getRowsJS()[0]![0]);
  };
  const named = (file: string): string => relative(folder.dir, file);
  return { faces: named(faces), images: named(images), faceRows: await rows(faces), imageRows: await rows(images), bytes: await shardBytes(folder, shard) };
}

/** `errors.jsonl`, in the items' order; empty where all went well. */
async function writeErrors(connection: DuckDBConnection, folder: LabelFolder): Promise<void> {
  const partial = `${folder.errors}.partial`;
  const { rows, close } = await computeRows(connection, 'SELECT * FROM errors ORDER BY item');
  const lines = async function* (): AsyncGenerator<string> {
    for await (const row of rows) yield `${JSON.stringify(row)}\n`;
  };
  try {
    await pipeline(Readable.from(lines()), createWriteStream(partial, { flush: true }));
  } finally {
    await close();
  }
  await rename(partial, folder.errors);
}
