/** Splits a stream of PPM pictures (`P6`, 8 bit), one after another, as ffmpeg writes frames to a pipe. */
import type { Image } from '@mien/runtime';

/** Magic number, width, height and 255, each followed by white space, in less than this. */
const longestHeaderBytes = 64;

/**
 * Yields each picture as it is complete. A stream that ends inside a picture drops that picture: its decoder was stopped.
 * Throws `RangeError` on anything that is not PPM.
 */
export async function* ppmFrames(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Image> {
  let header = Buffer.alloc(0);
  let frame: { width: number; height: number; data: Uint8Array; filled: number } | undefined;
  for await (const piece of stream) {
    let rest = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    while (rest.length > 0) {
      if (!frame) {
        header = Buffer.concat([header, rest]);
        const match = /^P6\s(\d{1,5})\s(\d{1,5})\s255\s/.exec(header.toString('latin1', 0, longestHeaderBytes));
        if (!match) {
          if (header.length >= longestHeaderBytes) throw new RangeError('expected a PPM header of three bytes a pixel');
          break;
        }
        const [width, height] = [Number(match[1]), Number(match[2])];
        frame = { width, height, data: new Uint8Array(width * height * 3), filled: 0 };
        rest = header.subarray(match[0].length);
        header = Buffer.alloc(0);
      }
      const take = Math.min(rest.length, frame.data.length - frame.filled);
      frame.data.set(rest.subarray(0, take), frame.filled);
      frame.filled += take;
      rest = rest.subarray(take);
      if (frame.filled === frame.data.length) {
        const { width, height, data } = frame;
        frame = undefined;
        yield { width, height, channels: 3, data };
      }
    }
  }
}
