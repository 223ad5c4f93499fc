/** Writing at the pace of what takes it. */
import type { Writable } from 'node:stream';

/**
 * Resolves when `stream` has passed all of `chunk` on, so that its memory may be used again; rejects where it cannot, or any more. Asks the
 * stream itself: nothing is hung onto a promise or an emitter that lives as long as a film, so nothing grows with the number of frames.
 * The stream needs a listener for its errors, which it emits as well.
 */
export function writeAll(stream: Writable, chunk: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
