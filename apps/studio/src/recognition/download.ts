/** Fetching files with one progress figure for all of them. */
import { UserError } from '@mien/runtime';
import type { Download } from '@mien/server/api';
import { strings } from '../strings.ts';

async function fetchBytes({ url, bytes }: Download, onBytes: (count: number) => void): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw new UserError('unreachable', strings.errors.unreachable, { cause });
  }
  if (!response.ok || !response.body) throw new UserError('unreachable', strings.errors.missing(url, response.status));
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
    onBytes(Math.min(value.length, Math.max(0, bytes - (length - value.length))));
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** The bytes of each file, in order. `onProgress` hears of the sum. Throws `UserError` `unreachable`. */
export async function downloadAll(files: readonly Download[], onProgress: (loadedBytes: number, totalBytes: number) => void): Promise<Uint8Array[]> {
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let loadedBytes = 0;
  return Promise.all(
    files.map((file) =>
      fetchBytes(file, (count) => {
        loadedBytes += count;
        onProgress(loadedBytes, totalBytes);
      }),
    ),
  );
}
