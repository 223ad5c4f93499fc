/** From what the user names to items: folders, lists, archives, videos and pictures, as a stream. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { UserError } from '@mien/runtime';
import type { Item } from '../items/item.ts';
import { probeVideo } from './ffmpeg.ts';
import { kindOfFile } from './file-kinds.ts';
import { listFolder } from './list-folder.ts';
import { decompressTar, listTar } from './tar-archive.ts';
import { listZip } from './zip-archive.ts';

export interface ListOptions {
  /** Frames taken from a second of video; never more than it has. */
  readonly framesPerSecond: number;
  /** A path for the n-th compressed tar, to be unpacked at. */
  readonly unpackTo: (n: number) => string;
  /** Called for every file or entry that is left out, because its name says that it is no picture. */
  readonly onSkipped?: () => void;
  /** Called with a line about a folder that cannot be read. */
  readonly onNotice?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Every picture of the sources, in order. A file the user names (or a list does) is taken whatever its name; of folders
 * and archives only what is a picture, video or archive by its ending. A damaged video among others becomes a bad item;
 * a damaged archive ends the listing.
 * Throws `UserError`: `not-found`, `unknown-source`, `bad-archive`, `unsafe-archive`, `no-ffmpeg`, `unreadable-folder`.
 */
export async function* listItems(sources: readonly string[], options: ListOptions): AsyncGenerator<Item> {
  const lister = new Lister(options);
  for (const source of sources) yield* lister.source(source);
}

class Lister {
  readonly #options: ListOptions;
  #unpacked = 0;

  constructor(options: ListOptions) {
    this.#options = options;
  }

  /** Leaves a file out. */
  readonly #skipped = (): undefined => {
    this.#options.onSkipped?.();
    return undefined;
  };

  async *source(path: string): AsyncGenerator<Item> {
    const found = await stat(path).catch((cause) => {
      throw new UserError('not-found', `${path}: there is no such file or folder; check the path`, { cause });
    });
    if (found.isDirectory()) {
      const notice = (dir: string, reason: string): void => this.#options.onNotice?.(`${dir}: cannot be read (${reason}); left out`);
      for await (const file of listFolder(path, notice)) {
        this.#options.signal?.throwIfAborted();
        if (kindOfFile(file) === 'list') this.#skipped();
        else yield* this.#file(file, this.#skipped);
      }
      return;
    }
    if (kindOfFile(path) === 'list') {
      yield* this.#list(path);
      return;
    }
    yield* this.#file(path, () => {
      throw new UserError(
        'unknown-source',
        `${path}: expected a folder, a picture, a video, an archive (.zip, .tar, .tar.gz) or a list of paths (.txt); rename it if it is one of these`,
      );
    });
  }

  async *#list(path: string): AsyncGenerator<Item> {
    const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
    let first = true;
    for await (const line of lines) {
      this.#options.signal?.throwIfAborted();
      const named = (first ? line.replace(/^\uFEFF/, '') : line).trim();
      first = false;
      if (named === '') continue;
      const file = resolve(dirname(path), named);
      // Whether a picture is there is seen when it is its turn: looking now would take as long as reading it.
      yield* this.#file(file, () => ({ file }));
    }
  }

  /** The items of one file; `other` decides about a name that says nothing. */
  async *#file(file: string, other: () => Item | undefined): AsyncGenerator<Item> {
    switch (kindOfFile(file)) {
      case 'picture':
        yield { file };
        return;
      case 'video':
        yield* this.#video(file);
        return;
      case 'zip':
        yield* listZip(file, this.#skipped);
        return;
      case 'tar':
        yield* listTar({ archive: file }, this.#skipped);
        return;
      case 'compressed-tar': {
        const from = this.#options.unpackTo(this.#unpacked++);
        await decompressTar(file, from, this.#options.signal);
        yield* listTar({ archive: file, from }, this.#skipped);
        return;
      }
      default: {
        const item = other();
        if (item) yield item;
      }
    }
  }

  async *#video(video: string): AsyncGenerator<Item> {
    try {
      const { seconds, frameRate } = await probeVideo(video);
      const rate = frameRate > 0 ? Math.min(frameRate, this.#options.framesPerSecond) : this.#options.framesPerSecond;
      // Frame k stands for the interval k/rate … (k+1)/rate; a rest of half an interval or more counts.
      const frames = Math.max(1, Math.round(seconds * rate));
      for (let frame = 0; frame < frames; frame++) yield { video, frame, rate };
    } catch (error) {
      if (!(error instanceof UserError) || error.code === 'no-ffmpeg') throw error;
      yield { bad: video, code: error.code, message: error.message };
    }
  }
}
