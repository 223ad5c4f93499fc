/** `manifest.json`: what a store holds and how its column files are laid out. Opening a store reads this file alone. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { z } from 'zod';

/**
 * The newest store format there is; a store with a higher number is refused, one of a lower is read as it is.
 * 2 added locked splits, subjects, sizes and the history; an older Mien must not read such a store, for it would train on a locked split.
 * 3 added rows without a label; only stores that have some are written as 3.
 */
export const storeFormatVersion = 3;
/** Stands in the column of labels for a row that has none. */
export const noLabel = 255;
/** Label names, so that the largest index is not {@link noLabel}. */
export const mostLabels = 255;
/** What rows without a label are called: their class folder, and the split they come in where none is named. */
export const unlabelledName = 'unlabelled';

/** The manifest's `formatVersion`: as low as what the store holds allows. */
export function formatVersionOf(splits: readonly { count: number; perLabel: readonly number[] }[]): number {
  return splits.some((split) => unlabelledRows(split) > 0) ? 3 : 2;
}

/** The split that has most labels of those that are not locked: what models learn from where none is called `train`. */
export function largestLabelled<S extends { count: number; perLabel: readonly number[]; locked: boolean }>(splits: readonly S[]): S | undefined {
  const labelled = (split: S): number => split.count - unlabelledRows(split);
  return splits.filter(({ locked }) => !locked).sort((a, b) => labelled(b) - labelled(a))[0];
}

/** Rows of a split that have no label. */
export function unlabelledRows({ count, perLabel }: { readonly count: number; readonly perLabel: readonly number[] }): number {
  return count - perLabel.reduce((sum, rows) => sum + rows, 0);
}
export const manifestFile = 'manifest.json';

const count = z.number().int().nonnegative();
const positive = z.number().int().positive();
/** A plain name inside the store's own directory, so that a manifest cannot point elsewhere. */
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

/** Every image has the same size: image r stands at byte r·C·H·W, planar [C,H,W]. */
const fixedImage = z.object({ layout: z.literal('fixed'), channels: z.union([z.literal(1), z.literal(3)]), height: positive, width: positive });
const imageLayout = z.discriminatedUnion('layout', [fixedImage]);

/** Little-endian numbers, `shape` of them a row: row r starts at byte r · bytes · Π shape. */
const numberColumn = z.object({ file: fileName, type: z.enum(['u8', 'u16', 'u32']), shape: z.array(positive), names: z.array(z.string()).optional() });
/** As a number column of shape []: 0 for unknown, i for `names[i − 1]`. */
const subjectColumn = numberColumn.extend({ names: z.array(z.string()) });
/** One JSON string a line, line r for row r. */
const textColumn = z.object({ file: fileName, type: z.literal('json-lines') });

const columns = z.object({
  images: numberColumn,
  /** Index into `labels`; 255 for a row without a label. */
  labels: numberColumn,
  /** Votes of annotators, one number for each of `names`; all zero where a row has none. */
  votes: numberColumn.optional(),
  /** Index into `sources`. */
  source: numberColumn,
  /** Position of the row within its source's split, from 0. */
  row: numberColumn,
  /** The image file a row came from, relative to the imported folder. */
  path: textColumn.optional(),
  /** Whose face it is. */
  subject: subjectColumn.optional(),
  /** Height and width of the image before it was brought to the store's size, in pixels; 0 where unknown. */
  size: numberColumn.optional(),
});

/** What was done to the rows since they were imported, oldest first. */
const historyEntry = z.object({
  kind: z.enum(['merge', 'split', 'clean', 'undo', 'align']),
  /** ISO 8601. */
  at: z.string(),
  /** For a person: the csv applied, the stores merged, the strategy. */
  note: z.string(),
  dropped: count.default(0),
  relabelled: count.default(0),
  moved: count.default(0),
  /** Of a cleaning that can be undone: where its changes and the pixels of dropped rows are kept. */
  undo: z.object({ changes: fileName, images: fileName }).optional(),
});

/** Test sets by their usual names, and those that a merge has set apart by the name of their data set, as `raf-db-test`. */
export function lockedByDefault(split: string): boolean {
  return /(?:^|-)(?:private|test)$/.test(split);
}

export const manifestSchema = z
  .object({
    formatVersion: z.number().int().min(1).max(storeFormatVersion),
    createdBy: z.string(),
    name: z.string().min(1),
    count,
    image: imageLayout,
    /** Faces were turned about the centre of their image so that their eyes lie level; absent: they stand as they came. */
    align: z.literal('eyes-level').optional(),
    labels: z.array(z.string()).min(1).max(256),
    /** Splits in the order of their rows; each is one contiguous range. Training refuses rows of a locked one. */
    splits: z.array(
      z
        .object({ name: z.string().min(1), start: count, count, perLabel: z.array(count), locked: z.boolean().optional() })
        .transform((split) => ({ ...split, locked: split.locked ?? lockedByDefault(split.name) })),
    ),
    /** Where rows came from. A row's identity for ever is (source name, source split, row), whatever split it is moved to. */
    sources: z.array(z.object({ name: z.string(), form: z.string(), split: z.string(), count, file: z.string() })),
    columns,
    history: z.array(historyEntry).default([]),
  })
  .superRefine((manifest, context) => {
    let start = 0;
    for (const split of manifest.splits) {
      if (split.start !== start) context.addIssue({ code: 'custom', message: `split ${split.name} starts at ${split.start}, expected ${start}` });
      start += split.count;
    }
    if (start !== manifest.count) context.addIssue({ code: 'custom', message: `splits hold ${start} rows, count says ${manifest.count}` });
  });

export type Manifest = z.infer<typeof manifestSchema>;
export type ImageLayout = Manifest['image'];
export type StoreSplit = Manifest['splits'][number];
export type StoreSource = Manifest['sources'][number];
export type HistoryEntry = Manifest['history'][number];
export type NumberColumn = z.infer<typeof numberColumn>;

const bytesOf = { u8: 1, u16: 2, u32: 4 } as const;

/** Bytes one row takes in a column's file. */
export function rowBytes(column: NumberColumn): number {
  return column.shape.reduce((product, size) => product * size, bytesOf[column.type]);
}

/** Samples of one image: C·H·W. */
export function imageSamples(image: ImageLayout): number {
  return image.channels * image.height * image.width;
}

/**
 * The manifest in `dir`.
 * @throws UserError `not-a-store` (no manifest), `newer-store` (written by a later Mien), `corrupt-store`.
 */
export async function readManifest(dir: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(join(dir, manifestFile), 'utf8');
  } catch (cause) {
    throw new UserError('not-a-store', `${dir}: expected a store made by \`mien data import\`, found no ${manifestFile} there`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError('corrupt-store', `${dir}: ${manifestFile} is not JSON; import the data again`, { cause });
  }
  const version = (value as { formatVersion?: unknown } | null)?.formatVersion;
  if (typeof version === 'number' && version > storeFormatVersion) {
    throw new UserError('newer-store', `${dir}: store format ${version}, this Mien reads up to ${storeFormatVersion}; update Mien or import the data again`);
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') || 'manifest';
    throw new UserError('corrupt-store', `${dir}: ${manifestFile}: ${where}: ${issue?.message ?? 'unreadable'}; import the data again`);
  }
  return parsed.data;
}
