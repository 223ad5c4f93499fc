/** Image files with their labels, wherever the list of them came from, into a store. */
import { basename, join, resolve } from 'node:path';
import { type Box, UserError } from '@mien/runtime';
import type { ImageLayout } from '../store/manifest.ts';
import { StoreWriter } from '../store/writer.ts';
import { type ImageHeader, readImageHeader, StoreDecoder } from './decode-image.ts';
import { mapInOrder } from './in-order.ts';
import { chooseLayout, fitsLayout, type LayoutOptions } from './layout.ts';
import type { ImportOptions, ImportReport } from './report.ts';

/** Images being decoded at once. */
const decodesAtOnce = 4;
/** Share of the time that reading the headers takes, for the progress report. */
const headerShare = 0.2;

export interface LabelledImage {
  /** Relative to the imported folder, with `/` between. */
  path: string;
  split: string;
  label: number | 'drop';
  /** Whose face it is. */
  subject?: string | undefined;
  /** Where the face is, in pixels of the image; by default the whole image. */
  face?: Box | undefined;
}

export interface ImageImportOptions extends ImportOptions, LayoutOptions {
  dir: string;
  /** Leave out images that cannot be read, naming them in the report, instead of refusing the whole. */
  skipBroken?: boolean | undefined;
}

/** What an importer of some form hands over. */
export interface ImageList {
  /** How the source was laid out, for the manifest. */
  form: string;
  labels: readonly string[];
  images: readonly LabelledImage[];
  /** Files that are no images of a class. */
  ignored: readonly string[];
}

/**
 * Rows are sorted by split and path, and numbered within their split before any is dropped, so that an image keeps its
 * identity under another map.
 * @throws UserError `empty-tree`, `unreadable-image` naming the file, `same-file`, `bad-size`, and those of {@link StoreWriter}.
 */
export async function importImageFiles(list: ImageList, options: ImageImportOptions): Promise<ImportReport> {
  const { dir, out, onProgress, skipBroken = false } = options;
  const numbered = withRows(list.images);
  const kept = numbered.filter((image): image is KeptImage => image.label !== 'drop');
  if (kept.length === 0) throw new UserError('empty-tree', `${dir}: the map drops all ${numbered.length} images; keep one class at least`);
  const ignored = [...list.ignored];
  const readable: { image: KeptImage; header: ImageHeader }[] = [];
  let read = 0;
  const attempt = <T>(path: string, action: Promise<T>): Promise<T | undefined> =>
    action.catch((error) => {
      if (!skipBroken || !(error instanceof UserError)) throw error;
      ignored.push(`${path} (cannot be read)`);
      return undefined;
    });
  for await (const header of mapInOrder(kept, decodesAtOnce, ({ path }) => attempt(path, readImageHeader(join(dir, path))))) {
    const image = kept[read++] as KeptImage;
    if (header) readable.push({ image, header: image.face ? { ...header, height: image.face.height, width: image.face.width } : header });
    if (read % 500 === 0) onProgress?.({ rows: 0, fraction: (headerShare * read) / kept.length });
  }
  const headers = readable.map(({ header }) => header);
  if (headers.length === 0) throw new UserError('empty-tree', `${dir}: none of the ${kept.length} images can be read`);
  const layout = chooseLayout(headers, options);
  const name = options.name ?? basename(resolve(dir));
  const writer = new StoreWriter({
    ...options,
    name,
    form: list.form,
    file: basename(resolve(dir)),
    image: layout,
    labels: list.labels,
    paths: true,
    sizes: true,
    subjects: kept.some(({ subject }) => subject !== undefined),
  });
  try {
    await decodeInto(writer, readable, layout, dir, attempt, (rows) =>
      onProgress?.({ rows, fraction: headerShare + ((1 - headerShare) * rows) / readable.length }),
    );
    const converted = headers.filter((header) => !fitsLayout(header, layout)).length;
    return { out, manifest: writer.finish(), dropped: numbered.length - kept.length, converted, ignored };
  } catch (error) {
    writer.discard();
    throw error;
  }
}

async function decodeInto(
  writer: StoreWriter,
  readable: readonly { image: KeptImage; header: ImageHeader }[],
  layout: ImageLayout,
  dir: string,
  attempt: <T>(path: string, action: Promise<T>) => Promise<T | undefined>,
  onRows: (rows: number) => void,
): Promise<void> {
  const decoder = new StoreDecoder(layout);
  let rows = 0;
  for await (const samples of mapInOrder(readable, decodesAtOnce, ({ image: { path, face } }) => attempt(path, decoder.decode(join(dir, path), face)))) {
    const { image, header } = readable[rows++] as { image: KeptImage; header: ImageHeader };
    const { split, label, row, path, subject } = image;
    if (samples) writer.append({ split, label, row, path, subject, image: samples, size: [Math.round(header.height), Math.round(header.width)] });
    if (rows % 100 === 0 || rows === readable.length) onRows(rows);
  }
}

interface KeptImage extends LabelledImage {
  label: number;
  row: number;
}

function withRows(images: readonly LabelledImage[]): (LabelledImage & { row: number })[] {
  const next = new Map<string, number>();
  const sorted = [...images].sort((a, b) => order(a.split, b.split) || order(a.path, b.path));
  return sorted.map((image, at) => {
    const before = sorted[at - 1];
    if (before?.path === image.path && before.split === image.split) {
      throw new UserError('same-file', `${image.path} is listed twice; an image can have one label only, so keep one of the lines`);
    }
    const row = next.get(image.split) ?? 0;
    next.set(image.split, row + 1);
    return { ...image, row };
  });
}

/** By code unit: the same on every machine. */
export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
