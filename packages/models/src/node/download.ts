/**
 * A file fetched so that what stands under its name is whole and checked. Bytes gather in `FILE.partial`, from which an
 * interrupted download goes on, and which takes the file's name once its sha256 is right.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '@mien/runtime';
import { lockDownload } from './download-lock.ts';
import { connectionReason, request, stallMs } from './http.ts';

export interface DownloadOptions {
  readonly url: URL;
  readonly bytes: number;
  /** What the whole file must hash to. */
  readonly sha256: string;
  /** Where it will stand; its folder is made. */
  readonly file: string;
  /** What messages call it. */
  readonly what: string;
  /** Called with the bytes there are, from earlier attempts too. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

const MB = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** sha256 of a file, as 64 hexadecimal digits. */
export async function sha256Of(file: string): Promise<string> {
  return (await hashOf(file)).digest('hex');
}

async function hashOf(file: string): Promise<Hash> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash;
}

/** Room for what is still to come, with a little to spare, before anything is fetched. */
async function checkRoom({ file, what }: DownloadOptions, wanted: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(file));
  if (bavail * bsize < wanted * 1.02)
    throw new UserError(
      'cannot-write',
      `${what}: needs ${MB(wanted)} in ${dirname(file)}, there are ${MB(bavail * bsize)}; free space, or choose another place with MIEN_CACHE`,
    );
}

/** What goes wrong with the place the file is written to. */
const diskErrors: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST', 'EIO']);

function explainDiskError(error: unknown, { file, what }: DownloadOptions): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!diskErrors.has(code)) return error;
  return new UserError('cannot-write', `${what}: cannot be written to ${dirname(file)} (${code}); choose another place with MIEN_CACHE`, { cause: error });
}

/** Appends the rest of the file to `partial`, which holds `start` bytes. Returns how many it holds afterwards. */
async function fetchRest(options: DownloadOptions, output: FileHandle, start: number, hash: Hash): Promise<number> {
  const { url, bytes, what, signal, onProgress } = options;
  const { response, hops } = await request(url, {
    method: 'GET',
    what,
    ...(start ? { headers: { range: `bytes=${start}-` } } : {}),
    ...(signal ? { signal } : {}),
  });
  const { host } = hops.at(-1)!.url;
  if (!response.body) throw new UserError('bad-answer', `${what}: ${host} sent an empty answer; try again`);
  const reader = response.body.getReader();
  let at = start;
  try {
    // A server that knows no ranges sends the whole file: what is there already is passed over.
    let toSkip = response.status === 206 ? 0 : start;
    const range = response.headers.get('content-range');
    if (response.status === 206 && !range?.startsWith(`bytes ${start}-`))
      throw new UserError(
        'bad-answer',
        `${what}: ${host} sends bytes ${range ?? 'without saying which'}, expected those from ${start}; try another --endpoint`,
      );
    for (;;) {
      const { done, value } = await orStalled(reader.read());
      if (done) return at;
      const chunk = value.subarray(Math.min(toSkip, value.length));
      toSkip -= value.length - chunk.length;
      if (at + chunk.length > bytes) throw new UserError('bad-answer', `${what}: ${host} sends more than the ${bytes} bytes it announced; try again`);
      hash.update(chunk);
      await writeWhole(output, chunk, at);
      at += chunk.length;
      onProgress?.(at);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (error instanceof UserError || diskErrors.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const reason = signal?.aborted ? 'interrupted' : connectionReason(error);
    throw new UserError('interrupted', `${what}: the connection ended at ${MB(at)} of ${MB(bytes)} (${reason}); run it again to go on from there`, {
      cause: error,
    });
  }
}

/** One call may write less than it is given. */
async function writeWhole(output: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < chunk.length) done += (await output.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
}

/** The next chunk, unless the server is silent for too long. */
async function orStalled<T>(next: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('stalled'), { name: 'TimeoutError' })), stallMs);
  });
  try {
    return await Promise.race([next, stalled]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Fetches the file, or what is missing of it; does nothing where it stands whole. Throws `UserError`: those of `request`,
 * `interrupted` (what came is kept), `wrong-checksum` (what came is thrown away), `busy`, `cannot-write`.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { file, bytes, sha256, what } = options;
  if ((await sizeOf(file)) === bytes && (await sha256Of(file)) === sha256) return;
  const partial = `${file}.partial`;
  let unlock: (() => Promise<void>) | undefined;
  try {
    await mkdir(dirname(file), { recursive: true });
    unlock = await lockDownload(file, partial, what);
    const kept = await sizeOf(partial);
    const start = kept <= bytes ? kept : 0;
    await checkRoom(options, bytes - start);
    const hash = start ? await hashOf(partial) : createHash('sha256');
    const output = await open(partial, start ? 'r+' : 'w');
    let end: number;
    try {
      end = start < bytes ? await fetchRest(options, output, start, hash) : start;
      await output.sync();
    } finally {
      await output.close();
    }
    if (end < bytes) throw new UserError('interrupted', `${what}: the connection ended at ${MB(end)} of ${MB(bytes)}; run it again to go on from there`);
    const found = hash.digest('hex');
    if (found !== sha256) {
      await rm(partial, { force: true });
      throw new UserError('wrong-checksum', `${what}: expected sha256 ${sha256}, what came has ${found}; it is thrown away. Try again, or another --endpoint`);
    }
    await rename(partial, file);
  } catch (error) {
    if (error instanceof UserError && error.code === 'bad-range') await rm(partial, { force: true });
    throw explainDiskError(error, options);
  } finally {
    await unlock?.();
  }
}
