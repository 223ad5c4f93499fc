/** What a Parquet file of ours says of its split and where its rows came from, which a file's name and columns cannot. */
import { z } from 'zod';
import { type Manifest, manifestSchema } from './manifest.ts';

/** Key of the file's metadata. */
export const splitKey = 'mien.split';

const markSchema = z.object({
  split: z.string().min(1),
  locked: z.boolean(),
  /** The store it was, as in its manifest. Absent in files written before it was kept: their rows are numbered anew. */
  store: z.object({ name: z.string().min(1), sources: manifestSchema.shape.sources, subjects: z.boolean(), align: manifestSchema.shape.align }).optional(),
});

export type SplitMark = z.infer<typeof markSchema>;

export function splitMarkOf(split: string, locked: boolean, { name, sources, align, columns }: Manifest): SplitMark {
  return { split, locked, store: { name, sources, subjects: columns.subject !== undefined, ...(align && { align }) } };
}

/** Undefined for a file that says nothing, or nothing of this kind. */
export function readSplitMark(text: string | undefined): SplitMark | undefined {
  if (text === undefined) return undefined;
  try {
    return markSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
