/** What a Parquet file of ours says of its split, which a file's name cannot. */

/** Key of the file's metadata. */
export const splitKey = 'mien.split';

export interface SplitMark {
  readonly split: string;
  readonly locked: boolean;
}

/** Undefined for a file that says nothing, or nothing of this kind. */
export function readSplitMark(text: string | undefined): SplitMark | undefined {
  if (text === undefined) return undefined;
  try {
    const { split, locked } = JSON.parse(text) as Partial<SplitMark>;
    return typeof split === 'string' && split !== '' && typeof locked === 'boolean' ? { split, locked } : undefined;
  } catch {
    return undefined;
  }
}
