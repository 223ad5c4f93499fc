/** From items to pictures in memory, in order, a few ahead of whoever takes them. */
import { type FileHandle, open } from 'node:fs/promises';
import { crc32, inflateRaw } from 'node:zlib';
import { promisify } from 'node:util';
import { type Image, UserError } from '@mien/runtime';
import { decodeImage } from '@mien/runtime/node';
import { type MapPath, within } from '@mien/jobs';
import { decodeFrames } from '../sources/ffmpeg.ts';
import { type EntryItem, type FrameItem, frameTime, type Item, nameOf } from './item.ts';

/** A picture that takes longer to read hangs its reader, or the network. */
const longestDecodeMs = 120_000;

export type Picture = { readonly index: number } & ({ readonly image: Image } | { readonly error: UserError });

/** An item that is read by itself. */
type SingleItem = Exclude<Item, FrameItem>;

export interface OpenPicturesOptions {
  /** Pictures decoded while the last one is still in work; 0 keeps everything on one core. */
  readonly ahead: number;
  readonly mapPath: MapPath;
  /** Called when work on an item begins. */
  readonly onBegin?: (index: number) => void;
}

/**
 * One picture an item, in the items' order; one that cannot be had comes with its error. Anything but a `UserError` is
 * thrown: it says something about this machine or about Mien, not about the picture.
 */
export async function* openPictures(items: readonly Item[], { ahead, mapPath, onBegin }: OpenPicturesOptions): AsyncGenerator<Picture> {
  const archives = new OpenArchives(mapPath);
  try {
    let index = 0;
    while (index < items.length) {
      const frames = framesFrom(items, index);
      if (frames.length > 0) {
        yield* openFrames(frames, index, mapPath, onBegin);
        index += frames.length;
        continue;
      }
      const from = index;
      const singles: SingleItem[] = [];
      for (let item = items[index]; item && !('video' in item); item = items[++index]) singles.push(item);
      yield* decodeAhead(singles, from, ahead, async (item, i) => {
        onBegin?.(i);
        return within(longestDecodeMs, openOne(item, archives, mapPath), nameOf(item).source);
      });
    }
  } finally {
    await archives.close();
  }
}

/** `from`: the index of the first of `items` among all. */
async function* decodeAhead(
  items: readonly SingleItem[],
  from: number,
  ahead: number,
  decode: (item: SingleItem, index: number) => Promise<Image>,
): AsyncGenerator<Picture> {
  const begun: Promise<Picture>[] = [];
  for (let given = 0; given < items.length; given++) {
    while (given + begun.length < items.length && begun.length <= ahead) {
      const i = given + begun.length;
      const index = from + i;
      const picture = decode(items[i]!, index).then((image) => ({ index, image }), asPictureError(index));
      // It is awaited below, perhaps after another one has thrown.
      picture.catch(() => {});
      begun.push(picture);
    }
    yield await begun.shift()!;
  }
}

function asPictureError(index: number): (error: unknown) => Picture {
  return (error) => {
    if (error instanceof UserError && !isMachineTrouble(error)) return { index, error };
    throw error;
  };
}

/** Reasons that lie in the path itself (a null byte, too long, links in a circle) or in who may read it: no attempt will mend them. */
const reasonsOfThePath = new Set(['EACCES', 'EPERM', 'ERR_INVALID_ARG_VALUE', 'ENAMETOOLONG', 'ELOOP']);

/** A file that is there and cannot be read speaks of the disk or the network: worth another attempt. */
function isMachineTrouble({ code, cause }: UserError): boolean {
  const reason = (cause as NodeJS.ErrnoException | undefined)?.code;
  return code === 'unreadable-file' && !reasonsOfThePath.has(reason ?? '');
}

async function openOne(item: SingleItem, archives: OpenArchives, mapPath: MapPath): Promise<Image> {
  if ('bad' in item) throw new UserError(item.code, item.message);
  if ('file' in item) return decodeImage(mapPath(item.file));
  return decodeImage(await archives.read(item), { name: `${item.archive}: ${item.entry}` });
}

interface OpenArchive {
  readonly file: string;
  readonly handle: Promise<FileHandle>;
  /** Pictures that are being read from it. */
  readers: number;
  /** Nothing begins on it any more: its last reader closes it. */
  left: boolean;
}

/** Archives in use. Items of one archive lie together: another one is open only while pictures read ahead come from both. */
class OpenArchives {
  readonly #mapPath: MapPath;
  #current: OpenArchive | undefined;

  constructor(mapPath: MapPath) {
    this.#mapPath = mapPath;
  }

  async read(item: EntryItem): Promise<Uint8Array> {
    const name = `${item.archive}: ${item.entry}`;
    const length = item.deflated ?? item.size;
    const { bytesRead, buffer } = await this.#use(this.#mapPath(item.from ?? item.archive), (handle) => handle.read(Buffer.alloc(length), 0, length, item.at));
    if (bytesRead < length) throw new UserError('unreadable-image', `${name}: the archive ends in the middle of it; it has changed since it was listed`);
    const bytes = item.deflated === undefined ? buffer : await inflate(buffer, item.size, name);
    if (item.crc !== undefined && crc32(bytes) !== item.crc)
      throw new UserError('unreadable-image', `${name}: its checksum does not fit; fetch the archive again`);
    return bytes;
  }

  async close(): Promise<void> {
    const archive = this.#current;
    this.#current = undefined;
    if (!archive) return;
    archive.left = true;
    await closeUnused(archive);
  }

  async #use<T>(file: string, read: (handle: FileHandle) => Promise<T>): Promise<T> {
    const before = this.#current;
    const archive = before?.file === file ? before : { file, handle: openArchive(file), readers: 0, left: false };
    archive.readers++;
    this.#current = archive;
    if (before && before !== archive) {
      before.left = true;
      await closeUnused(before);
    }
    try {
      return await read(await archive.handle);
    } finally {
      archive.readers--;
      await closeUnused(archive);
    }
  }
}

async function closeUnused({ handle, readers, left }: OpenArchive): Promise<void> {
  if (left && readers === 0) await (await handle.catch(() => undefined))?.close();
}

async function openArchive(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UserError('not-found', `${file}: there is no such archive any more`, { cause });
    throw new UserError('unreadable-file', `${file}: cannot be read (${code ?? message})`, { cause });
  }
}

const inflateAsync = promisify(inflateRaw);

/** Never more bytes than the archive promised: what swells further is a bomb or damaged. */
async function inflate(bytes: Uint8Array, size: number, name: string): Promise<Uint8Array> {
  const bad = (why: string, cause?: unknown): UserError =>
    new UserError('unreadable-image', `${name}: cannot be unpacked (${why})`, cause === undefined ? {} : { cause });
  let whole: Uint8Array;
  try {
    whole = await inflateAsync(bytes, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw bad((cause as Error).message, cause);
  }
  if (whole.length !== size) throw bad(`${whole.length} bytes instead of ${size}`);
  return whole;
}

/** The items from `from` on that are frames in a row of one video. */
function framesFrom(items: readonly Item[], from: number): FrameItem[] {
  const frames: FrameItem[] = [];
  for (const item of items.slice(from)) {
    const last = frames.at(-1);
    if (!('video' in item) || (last && (item.video !== last.video || item.frame !== last.frame + 1))) break;
    frames.push(item);
  }
  return frames;
}

/** Frames in a row are read by one ffmpeg; those that do not come have the reason in their place. */
async function* openFrames(frames: readonly FrameItem[], from: number, mapPath: MapPath, onBegin?: (index: number) => void): AsyncGenerator<Picture> {
  const { video, rate, frame } = frames[0]!;
  let done = 0;
  let failure: UserError | undefined;
  onBegin?.(from);
  try {
    for await (const image of decodeFrames(mapPath(video), rate, frame, frames.length)) {
      yield { index: from + done, image };
      if (++done < frames.length) onBegin?.(from + done);
      else break;
    }
  } catch (error) {
    if (!(error instanceof UserError) || error.code === 'no-ffmpeg') throw error;
    failure = error;
  }
  for (; done < frames.length; done++) {
    const error = failure ?? new UserError('no-frame', `${video}: the video ends before ${frameTime(frames[done]!).toFixed(2)} s`);
    yield { index: from + done, error };
  }
}
