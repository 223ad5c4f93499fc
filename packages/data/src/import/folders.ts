/** Image folders, one a class, as Kaggle serves FER2013 and most others keep their faces. */
import { basename, join, resolve } from 'node:path';
import { expressions, UserError } from '@mien/runtime';
import type { ImageLayout, Manifest } from '../store/manifest.ts';
import { StoreWriter } from '../store/writer.ts';
import { type ImageHeader, readImageHeader, StoreDecoder } from './decode-image.ts';
import { readFolderTree, type TreeImage } from './folder-tree.ts';
import { mapInOrder } from './in-order.ts';
import { LabelResolver } from './label-map.ts';
import type { ImportOptions, ImportReport } from './report.ts';

/** Images being decoded at once. */
const decodesAtOnce = 4;
/** Share of the time that reading the headers takes, for the progress report. */
const headerShare = 0.2;
const defaultSizePx = 48;

export interface FolderOptions extends ImportOptions {
  dir: string;
  /** Side, or [height, width], of the stored images; by default the images' own size where all have the same, else 48. */
  size?: number | readonly [height: number, width: number] | undefined;
  /** 1 grey, 3 RGB; by default the images' own where all have the same size, else 1. */
  channels?: 1 | 3 | undefined;
}

/**
 * Imports a tree into a store of splits train, val, test (or `all`), rows sorted by path. Images of different sizes are
 * brought to one size; `converted` in the report counts those that changed.
 * @throws UserError `unknown-class`, `unreadable-image` naming the file, those of {@link readFolderTree} and {@link StoreWriter}.
 */
export async function importFolders(options: FolderOptions): Promise<ImportReport> {
  const { dir, out, onProgress } = options;
  const tree = await readFolderTree(dir, new LabelResolver(options.map));
  const kept = withRows(tree.images);
  if (kept.length === 0) throw new UserError('empty-tree', `${dir}: the map drops all ${tree.images.length} images; keep one class at least`);
  const headers: ImageHeader[] = [];
  for await (const header of mapInOrder(kept, decodesAtOnce, ({ path }) => readImageHeader(join(dir, path)))) {
    headers.push(header);
    if (headers.length % 500 === 0) onProgress?.({ rows: 0, fraction: (headerShare * headers.length) / kept.length });
  }
  const image = chooseLayout(headers, options);
  const name = options.name ?? basename(resolve(dir));
  const writer = new StoreWriter({ ...options, name, form: 'folders', file: basename(resolve(dir)), image, labels: expressions, paths: true });
  try {
    let rows = 0;
    const decoder = new StoreDecoder(image);
    for await (const samples of mapInOrder(kept, decodesAtOnce, ({ path }) => decoder.decode(join(dir, path)))) {
      const { split, label, row, path } = kept[rows++] as KeptImage;
      writer.append({ split, label, row, path, image: samples });
      if (rows % 100 === 0 || rows === kept.length) onProgress?.({ rows, fraction: headerShare + ((1 - headerShare) * rows) / kept.length });
    }
    const manifest: Manifest = writer.finish();
    const converted = headers.filter((header) => !fits(header, image)).length;
    return { out, manifest, dropped: tree.images.length - kept.length, converted, ignored: tree.ignored };
  } catch (error) {
    writer.discard();
    throw error;
  }
}

interface KeptImage {
  path: string;
  split: string;
  label: number;
  row: number;
}

/** Rows are numbered within their split before any is dropped, so that an image keeps its identity under another map. */
function withRows(images: readonly TreeImage[]): KeptImage[] {
  const next = new Map<string, number>();
  const kept: KeptImage[] = [];
  for (const { path, split, label } of images) {
    const row = next.get(split) ?? 0;
    next.set(split, row + 1);
    if (label !== 'drop') kept.push({ path, split, label, row });
  }
  return kept;
}

function chooseLayout(headers: readonly ImageHeader[], { size, channels }: FolderOptions): ImageLayout {
  const [first] = headers as [ImageHeader];
  const sameSize = headers.every((header) => header.height === first.height && header.width === first.width);
  if (size === undefined && sameSize) {
    const colour = headers.some((header) => header.channels === 3) ? 3 : 1;
    return { layout: 'fixed', channels: channels ?? colour, height: first.height, width: first.width };
  }
  const [height, width] = typeof size === 'object' ? size : [size ?? defaultSizePx, size ?? defaultSizePx];
  if (!(Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0 && height <= 4096 && width <= 4096)) {
    throw new UserError('bad-size', `size ${height}×${width}: expected whole numbers of pixels from 1 to 4096`);
  }
  return { layout: 'fixed', channels: channels ?? 1, height, width };
}

function fits(header: ImageHeader, image: ImageLayout): boolean {
  return header.height === image.height && header.width === image.width && header.channels === image.channels;
}
