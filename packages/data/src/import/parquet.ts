/** Parquet files with whole image files in them, as data hubs serve pictures: a column `image` of bytes and path, and one of labels. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { UserError } from '@mien/runtime';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { lockedByDefault, unlabelledName } from '../store/manifest.ts';
import { readSplitMark, type SplitMark, splitKey } from '../store/split-mark.ts';
import { StoreWriter } from '../store/writer.ts';
import { type ImageHeader, readImageHeader, StoreDecoder } from './decode-image.ts';
import { splitNames } from './folder-tree.ts';
import { order } from './image-files.ts';
import { mapInOrder } from './in-order.ts';
import { identityColumns, type IdentityValues, KeptIdentity } from './kept-identity.ts';
import { LabelResolver } from './label-map.ts';
import { chooseLayout, fitsLayout, type LayoutOptions } from './layout.ts';
import { explainReadError } from './read-error.ts';
import type { ImportOptions, ImportReport } from './report.ts';

/** Image files in memory at once. A block never spans row groups, for reading any row of a group decodes the whole of it. */
const blockBytes = 64 << 20;
const decodesAtOnce = 4;
/** Share of the time that reading the headers takes, for the progress report. */
const headerShare = 0.3;
const imageColumns = ['image', 'img', 'picture', 'pixels', 'image_bytes', 'bytes'];
const labelColumns = ['label', 'labels', 'emotion', 'expression', 'class', 'category', 'fine_label'];

export interface ParquetOptions extends ImportOptions, LayoutOptions {
  /** A .parquet file, or a folder of them: a split is named by the file (`train-00000-of-00002.parquet`) or by its folder. */
  source: string;
}

interface Part {
  path: string;
  split: string;
  mark: SplitMark | undefined;
  file: AsyncBuffer;
  metadata: FileMetaData;
  image: string;
  label: string;
  rows: number;
}

/** Paths of the Parquet files in a folder, at most two folders deep, sorted. */
export async function findParquet(dir: string, depth = 2): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error) => {
    throw explainReadError(error, dir);
  });
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(dir, entry.name);
    if (entry.isDirectory() && depth > 0) found.push(...(await findParquet(path, depth - 1)));
    else if (extname(entry.name).toLowerCase() === '.parquet') found.push(path);
  }
  return found.sort(order);
}

/**
 * Imports every row. Labels may be names, or numbers whose names stand in the file's metadata or in the map. Files that a store was
 * written to keep names and locks of splits, people, and unless a new name is given the rows' identity.
 * @throws UserError `not-found`, `bad-parquet` naming the file, `unknown-class`, `unreadable-image` naming the row, and those of {@link StoreWriter}.
 */
export async function importParquet(options: ParquetOptions): Promise<ImportReport> {
  const { source, out, onProgress } = options;
  const isFolder = (await stat(source)).isDirectory();
  const parts: Part[] = [];
  for (const path of isFolder ? await findParquet(source) : [source]) parts.push(await openPart(path, isFolder ? source : dirname(source)));
  if (parts.length === 0) throw new UserError('empty-tree', `${source}: expected .parquet files, found none`);
  const total = parts.reduce((sum, part) => sum + part.rows, 0);
  if (total === 0) throw new UserError('bad-parquet', `${source}: the files hold no rows`);
  const names = classNames(parts);
  const labels = new LabelResolver(options.map, {
    labels: options.labels,
    numbers: { '-1': unlabelledName, ...Object.fromEntries(names.map((name, k) => [String(k), name])) },
  });

  const kept = KeptIdentity.of(
    source,
    parts.map(({ mark }) => mark),
    options.name,
  );
  // The first pass finds the labels there are and the sizes of the images, the second decodes.
  const headers: ImageHeader[] = [];
  const unknown = new Set<string>();
  let seen = 0;
  for (const part of parts) {
    for await (const rows of readBlocks(part, kept ? identityColumns : [])) {
      for (const { label } of rows) if (labels.resolve(label) === undefined) unknown.add(label);
      const wanted = rows.filter(({ label }) => labels.resolve(label) !== 'drop');
      for (const { identity } of wanted) kept?.lookAt(identity);
      for await (const header of mapInOrder(wanted, decodesAtOnce, (row) => readImageHeader(row))) headers.push(header);
      seen += rows.length;
      onProgress?.({ rows: 0, fraction: (headerShare * seen) / total });
    }
  }
  if (unknown.size > 0) throw labels.unknown(source, [...unknown]);
  if (headers.length === 0) throw new UserError('empty-tree', `${source}: the map drops all ${total} images; keep one class at least`);
  const image = chooseLayout(headers, options);
  const name = options.name ?? kept?.name ?? basename(resolve(source), '.parquet');
  const { locked = (split: string, wasLocked?: boolean) => wasLocked || lockedByDefault(split) } = options;
  const writer = new StoreWriter({
    ...options,
    locked: (split) =>
      locked(
        split,
        parts.some(({ mark }) => mark?.split === split && mark.locked),
      ),
    name,
    form: 'parquet',
    file: basename(resolve(source)),
    image,
    labels: labels.labels,
    paths: true,
    sizes: true,
    subjects: kept?.subjects,
    sources: kept?.sources,
    align: kept?.align,
  });
  try {
    const decoder = new StoreDecoder(image);
    const rowsOf = new Map<string, number>();
    let done = 0;
    let written = 0;
    for (const part of parts) {
      for await (const rows of readBlocks(part, kept ? identityColumns : [])) {
        const start = rowsOf.get(part.split) ?? 0;
        rowsOf.set(part.split, start + rows.length);
        const numbered = rows
          .map((row, at) => ({ ...row, at: start + at, class: labels.resolve(row.label) as number | 'drop' }))
          .filter((row) => row.class !== 'drop');
        let next = 0;
        for await (const samples of mapInOrder(numbered, decodesAtOnce, (row) => decoder.decode(row))) {
          const { at, path, class: label, identity, name } = numbered[next++] as (typeof numbered)[number];
          const { height, width } = headers[written++] as ImageHeader;
          writer.append({ split: part.split, label: label as number, row: at, path, image: samples, size: [height, width], ...kept?.read(identity, name) });
        }
        done += rows.length;
        onProgress?.({ rows: written, fraction: headerShare + ((1 - headerShare) * done) / total });
      }
    }
    const converted = headers.filter((header) => !fitsLayout(header, image)).length;
    return { out, manifest: writer.finish(), dropped: total - headers.length, converted, ignored: [] };
  } catch (error) {
    writer.discard();
    throw error;
  }
}

interface ParquetRow {
  bytes: Uint8Array;
  /** `unlabelled` where the row has none. The `datasets` library also writes the number −1 for that. */
  label: string;
  /** The file the image was, or '' where the row does not say. */
  path: string;
  /** For messages. */
  name: string;
  identity: IdentityValues;
}

async function openPart(path: string, root: string): Promise<Part> {
  // Loaded at first use: some forty modules.
  const { asyncBufferFromFile, parquetMetadataAsync } = await import('hyparquet');
  let file: AsyncBuffer;
  let metadata: FileMetaData;
  try {
    file = await asyncBufferFromFile(path);
    metadata = await parquetMetadataAsync(file);
  } catch (cause) {
    throw new UserError('bad-parquet', `${path}: expected a Parquet file, it cannot be read (${(cause as Error).message.split('\n')[0]}); fetch it again`, {
      cause,
    });
  }
  const columns = topColumns(metadata);
  const image = imageColumns.find((name) => columns.has(name)) ?? [...columns].find(([, children]) => children.includes('bytes'))?.[0];
  const label = labelColumns.find((name) => columns.has(name));
  if (image === undefined || label === undefined) {
    throw new UserError(
      'bad-parquet',
      `${path}: expected a column of images (${imageColumns.slice(0, 2).join(', ')}) and one of labels (${labelColumns.slice(0, 4).join(', ')}), found ${[...columns.keys()].join(', ')}`,
    );
  }
  const mark = readSplitMark(metadata.key_value_metadata?.find(({ key }) => key === splitKey)?.value);
  // Other programs may leave out columns and keep the metadata.
  const isWhole = identityColumns.every((name) => columns.has(name));
  return {
    path,
    split: mark?.split ?? splitOf(relative(root, path)),
    mark: isWhole ? mark : mark && { ...mark, store: undefined },
    file,
    metadata,
    image,
    label,
    rows: Number(metadata.num_rows),
  };
}

/** Names of the columns at the top of the schema, and of what each holds. */
function topColumns({ schema }: FileMetaData): Map<string, string[]> {
  const columns = new Map<string, string[]>();
  let at = 1;
  while (at < schema.length) {
    const { name, num_children: children = 0 } = schema[at] as (typeof schema)[number];
    columns.set(
      name,
      schema.slice(at + 1, at + 1 + children).map((child) => child.name),
    );
    // Every descendant is passed over.
    for (let left = 1; left > 0; at++) left += (schema[at]?.num_children ?? 0) - 1;
  }
  return columns;
}

/** `data/train-00000-of-00001-ab12.parquet`, `default/test/0000.parquet`, `validation.parquet`; else `all`. */
function splitOf(path: string): string {
  const words = path.toLowerCase().split(/[/\\]/).reverse();
  for (const word of words) {
    const known = splitNames.get(word.replace(/\.parquet$/, '').split(/[-_.]/)[0] ?? '');
    if (known !== undefined) return known;
    if (word.startsWith(unlabelledName)) return unlabelledName;
  }
  return 'all';
}

/** @param more columns to read beside the images and labels. */
async function* readBlocks(part: Part, more: readonly string[]): AsyncGenerator<ParquetRow[], void, void> {
  let start = 0;
  for (const group of part.metadata.row_groups) {
    const groupEnd = start + Number(group.num_rows);
    const rowsAtOnce = Math.max(1, Math.ceil((Number(group.num_rows) * blockBytes) / Math.max(blockBytes, Number(group.total_byte_size))));
    for (; start < groupEnd; start = Math.min(groupEnd, start + rowsAtOnce)) {
      const rows = await readRange(part, more, start, Math.min(groupEnd, start + rowsAtOnce));
      yield rows.map((row, at) => readRow(part, row, start + at + 1));
    }
  }
}

async function readRange(part: Part, more: readonly string[], rowStart: number, rowEnd: number): Promise<Record<string, unknown>[]> {
  const { path, file, metadata, image, label } = part;
  const [{ parquetReadObjects }, { compressors }] = await Promise.all([import('hyparquet'), import('hyparquet-compressors')]);
  try {
    return await parquetReadObjects({ file, metadata, columns: [image, label, ...more], rowStart, rowEnd, compressors, utf8: false, useOffsetIndex: true });
  } catch (cause) {
    const reason = (cause as Error).message.split('\n')[0];
    throw new UserError('bad-parquet', `${path}, rows ${rowStart + 1} to ${rowEnd}: cannot be read (${reason}); fetch the file again`, { cause });
  }
}

function readRow(part: Part, row: Record<string, unknown>, number: number): ParquetRow {
  const name = `${part.path}, row ${number}`;
  const image = row[part.image];
  const whole = image as { bytes?: unknown; path?: unknown } | Uint8Array | null;
  const bytes = whole instanceof Uint8Array ? whole : whole?.bytes;
  if (!(bytes instanceof Uint8Array)) {
    throw new UserError('bad-parquet', `${name}: expected the bytes of an image in ${part.image}, came ${image === null ? 'nothing' : typeof image}`);
  }
  const path = whole instanceof Uint8Array || typeof whole?.path !== 'string' ? '' : whole.path;
  const label = row[part.label];
  const isMissing = label === null || label === undefined;
  const text = isMissing ? unlabelledName : label instanceof Uint8Array ? Buffer.from(label).toString('utf8') : String(label);
  return { bytes, label: text, path, name, identity: row };
}

/** Names of the label numbers, which the `datasets` library keeps in the file's metadata; none where they do not stand there. */
function classNames(parts: readonly Part[]): string[] {
  for (const { metadata, label } of parts) {
    const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
    if (!text) continue;
    try {
      const names: unknown = (JSON.parse(text) as { info?: { features?: Record<string, { names?: unknown }> } }).info?.features?.[label]?.names;
      if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
    } catch {
      // Metadata that is no JSON is not for us.
    }
  }
  return [];
}

/** Whether a folder holds Parquet files near its top. */
export async function isParquetFolder(dir: string): Promise<boolean> {
  return (await findParquet(dir)).length > 0;
}
