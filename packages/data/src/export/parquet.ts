/** Parquet as data hubs serve pictures: `data/train-00000-of-00001.parquet`, images as PNG files, labels with their names. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ParquetWriter, SchemaElement } from 'hyparquet-writer';
import { mapInOrder } from '../import/in-order.ts';
import { syncToDisk } from '../store/growing-file.ts';
import { noLabel } from '../store/manifest.ts';
import { type FullRow, readRows } from '../store/rows.ts';
import { StagedDirectory } from '../store/staging.ts';
import type { Store } from '../store/store.ts';
import { explainWriteError } from '../store/write-errors.ts';
import { fileName } from './file-name.ts';
import { encodePng } from './png.ts';
import { splitKey, splitMarkOf } from '../store/split-mark.ts';

const groupRows = 1000;
const encodesAtOnce = 4;

const optional = 'OPTIONAL';
const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: optional } as const;
const integer = { type: 'INT64', repetition_type: optional } as const;
const schema: SchemaElement[] = [
  { name: 'root', num_children: 6 },
  { name: 'image', num_children: 2, repetition_type: optional },
  { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: optional },
  { name: 'path', ...text },
  { name: 'label', ...integer },
  { name: 'source', ...text },
  { name: 'source_split', ...text },
  { name: 'row', ...integer },
  { name: 'subject', ...text },
];

/** → the number of files, one a split. */
export async function writeParquet(store: Store, out: string, onRow: () => void): Promise<number> {
  // Loaded at first use: two dozen modules.
  const { fileWriter, ParquetWriter } = await import('hyparquet-writer');
  const staged = new StagedDirectory(out);
  try {
    mkdirSync(join(staged.path, 'data'));
    for (const name of store.splitNames) {
      const path = join(staged.path, 'data', `${fileName(name)}-00000-of-00001.parquet`);
      const writer = new ParquetWriter({
        writer: fileWriter(path),
        schema,
        // PNG files do not shrink further.
        codec: 'UNCOMPRESSED',
        statistics: false,
        kvMetadata: [
          { key: 'huggingface', value: JSON.stringify(features(store.manifest.labels)) },
          { key: splitKey, value: JSON.stringify(splitMarkOf(name, store.isLocked(name), store.manifest)) },
        ],
      });
      let group: FullRow[] = [];
      for await (const row of readRows(await store.split(name))) {
        staged.checkOpen();
        group.push({ ...row, image: row.image.slice() });
        if (group.length === groupRows) {
          await writeGroup(writer, store, group, onRow);
          group = [];
        }
      }
      if (group.length > 0) await writeGroup(writer, store, group, onRow);
      await writer.finish();
      syncToDisk(path);
    }
    staged.commit();
    return store.splitNames.length;
  } catch (error) {
    staged.discard();
    throw explainWriteError(error, out);
  }
}

async function writeGroup(writer: ParquetWriter, store: Store, rows: readonly FullRow[], onRow: () => void): Promise<void> {
  const { image, sources } = store.manifest;
  const images: { bytes: Uint8Array; path: string }[] = [];
  for await (const bytes of mapInOrder(rows, encodesAtOnce, (row) => encodePng(row.image, image))) {
    const { path, row } = rows[images.length] as FullRow;
    images.push({ bytes: new Uint8Array(bytes), path: path || `${row}.png` });
    onRow();
  }
  await writer.write({
    rowGroupSize: rows.length,
    columnData: [
      { name: 'image', data: images },
      { name: 'label', data: rows.map(({ label }) => (label === noLabel ? null : BigInt(label))) },
      { name: 'source', data: rows.map(({ source }) => sources[source]?.name ?? '') },
      { name: 'source_split', data: rows.map(({ source }) => sources[source]?.split ?? '') },
      { name: 'row', data: rows.map(({ row }) => BigInt(row)) },
      { name: 'subject', data: rows.map(({ subject }) => subject ?? null) },
    ],
  });
}

/** Tells the `datasets` library what the columns are. */
function features(labels: readonly string[]): unknown {
  const value = (dtype: string) => ({ dtype, _type: 'Value' });
  return {
    info: {
      features: {
        image: { _type: 'Image' },
        label: { names: labels, _type: 'ClassLabel' },
        source: value('string'),
        source_split: value('string'),
        row: value('int64'),
        subject: value('string'),
      },
    },
  };
}
