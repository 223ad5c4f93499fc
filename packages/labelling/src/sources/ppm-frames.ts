/** Pictures in a row as binary PPM (P6), each with its own size: what ffmpeg writes into a pipe. */
import type { Image } from '@mien/runtime';

/** "P6", width, height, 255, each followed by one white space. */
const header = /^P6\s(\d+)\s(\d+)\s255\s/;
const longestHeader = 32;

/** A picture cut off by the end of the stream is left out. Throws where the stream is no PPM. */
export async function* readPpmFrames(stream: AsyncIterable<string | Buffer>): AsyncGenerator<Image> {
  let parts: Buffer[] = [];
  let have = 0;
  /** Bytes before which looking is in vain. */
  let need = 1;
  for await (const part of stream) {
    parts.push(part as Buffer);
    have += part.length;
    while (have >= need) {
      let bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      const match = header.exec(bytes.toString('latin1', 0, longestHeader));
      if (match) {
        const [start, width, height] = [match[0].length, Number(match[1]), Number(match[2])];
        need = start + width * height * 3;
        if (have >= need) {
          yield { width, height, channels: 3, data: bytes.subarray(start, need) };
          bytes = bytes.subarray(need);
          have = bytes.length;
          need = 1;
        }
      } else if (have < longestHeader) {
        need = have + 1;
      } else {
        throw new Error('expected a PPM picture in the pipe');
      }
      parts = [bytes];
    }
  }
}
