/** Items: the pictures of a labelling job, each named so that any worker can fetch it without reading the others. */

/** A picture file. */
export interface FileItem {
  readonly file: string;
}

/** A picture in an archive: its bytes lie in one piece in a file. */
export interface EntryItem {
  readonly archive: string;
  /** The name in the archive. */
  readonly entry: string;
  /** The file that holds the bytes where it is not the archive itself: a compressed tar is unpacked once. */
  readonly from?: string;
  /** Offset of the first byte. */
  readonly at: number;
  /** Bytes of the picture. */
  readonly size: number;
  /** Bytes in the archive, where they are deflated. */
  readonly deflated?: number;
  /** CRC-32 of the picture, where the archive has one. */
  readonly crc?: number;
}

/** A frame of a video: the one shown at (frame + ½) / rate seconds. */
export interface FrameItem {
  readonly video: string;
  readonly frame: number;
  /** Frames taken a second. */
  readonly rate: number;
}

/** Something that was found to be unusable before any worker looked at it. */
export interface BadItem {
  readonly bad: string;
  readonly entry?: string;
  readonly code: string;
  readonly message: string;
}

export type Item = FileItem | EntryItem | FrameItem | BadItem;

/** What names the picture in tables. */
export interface PictureName {
  /** The file it comes from: itself, an archive or a video. */
  readonly source: string;
  readonly entry: string | null;
  readonly frame: number | null;
  /** Seconds from the beginning of the video. */
  readonly time: number | null;
}

export function nameOf(item: Item): PictureName {
  const name = { entry: null, frame: null, time: null };
  if ('file' in item) return { ...name, source: item.file };
  if ('archive' in item) return { ...name, source: item.archive, entry: item.entry };
  if ('video' in item) return { ...name, source: item.video, frame: item.frame, time: frameTime(item) };
  return { ...name, source: item.bad, entry: item.entry ?? null };
}

export function frameTime({ frame, rate }: Pick<FrameItem, 'frame' | 'rate'>): number {
  return (frame + 0.5) / rate;
}

/** One line of the index: a plain file is a JSON string, so that ten million of them stay small. */
export function encodeItem(item: Item): string {
  return JSON.stringify('file' in item ? item.file : item);
}

export function decodeItem(line: string): Item {
  const value = JSON.parse(line) as string | Item;
  return typeof value === 'string' ? { file: value } : value;
}
