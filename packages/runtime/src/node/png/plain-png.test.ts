/** The short way of decoding against the library's, over every filter and every kind of file the short way must leave alone. */
import { deflateSync, crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePlainPng } from './plain-png.ts';

const most = 1e6;

function noise(count: number, seed: number): Uint8Array {
  // Smooth enough that every predictor is used, rough enough that none is always right.
  let value = 128;
  return Uint8Array.from({ length: count }, (_, i) => (value = Math.max(0, Math.min(255, value + Math.round(30 * Math.sin(seed + i * i))))));
}

const raw = (channels: 1 | 2 | 3 | 4, width = 13, height = 7) => sharp(noise(channels * width * height, channels), { raw: { channels, width, height } });

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A PNG whose rows each have the filter given, written by hand; chunks stand between header and pixels. */
function png({ channels, filter, chunks = [], split = false }: { channels: 1 | 3; filter: number; chunks?: Buffer[]; split?: boolean }): Buffer {
  const [width, height] = [9, 6];
  const rowBytes = channels * width;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 1 ? 0 : 2, 0, 0, 0], 8);
  const rows = Buffer.concat(Array.from({ length: height }, (_, y) => Buffer.concat([Buffer.from([filter]), noise(rowBytes, 10 * y + filter)])));
  const data = deflateSync(rows);
  const half = data.length >> 1;
  const pixels = split ? [chunk('IDAT', data.subarray(0, half)), chunk('IDAT', data.subarray(half))] : [chunk('IDAT', data)];
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...chunks,
    ...pixels,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const same = async (bytes: Buffer) => {
  const { data, info } = await sharp(bytes).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const found = decodePlainPng(bytes, most)!;
  expect([found.width, found.height]).toEqual([info.width, info.height]);
  // The library answers grey files in three equal channels.
  const every = info.channels / found.channels;
  expect(found.data).toEqual(Uint8Array.from(found.data, (_, i) => data[i * every]!));
};

describe('decodePlainPng', () => {
  it.each([0, 1, 2, 3, 4])('filter %i, grey and RGB, gives the samples the library gives', async (filter) => {
    await same(png({ channels: 1, filter }));
    await same(png({ channels: 3, filter, split: true, chunks: [chunk('tEXt', Buffer.from('Comment\0x'))] }));
  });

  it('what other programs write gives the samples the library gives', async () => {
    for (const channels of [1, 3] as const)
      await same(
        await raw(channels)
          .toColourspace(channels === 1 ? 'b-w' : 'srgb')
          .png()
          .toBuffer(),
      );
  });

  it('leaves to the library what is not plain', async () => {
    const others = {
      alpha: raw(4).png(),
      palette: raw(3).png({ palette: true }),
      interlaced: raw(3).png({ progressive: true }),
      sixteenBits: raw(3).toColourspace('rgb16').png(),
      profile: raw(3).withIccProfile('p3').png(),
      exif: raw(3)
        .withExif({ IFD0: { Copyright: 'x' } })
        .png(),
      jpeg: raw(3).jpeg(),
    };
    for (const [what, image] of Object.entries(others)) expect(decodePlainPng(await image.toBuffer(), most), what).toBeUndefined();
  });

  it('decodes nothing that is damaged, cut short, or larger than it says or than is allowed', () => {
    const bytes = png({ channels: 1, filter: 4 });
    expect(decodePlainPng(bytes, 9 * 6)).toBeDefined();
    expect(decodePlainPng(bytes, 9 * 6 - 1)).toBeUndefined();
    for (let cut = 0; cut < bytes.length; cut += 7) expect(decodePlainPng(bytes.subarray(0, cut), most)).toBeUndefined();
    for (const at of [20, 45, bytes.length - 20]) {
      const broken = Buffer.from(bytes);
      broken[at] = broken[at]! ^ 1;
      expect(decodePlainPng(broken, most), `byte ${at}`).toBeUndefined();
    }
    // Pixels for one row more than the header says: a bomb writ small.
    const header = Buffer.from(bytes.subarray(16, 29));
    header.writeUInt32BE(5, 4);
    expect(decodePlainPng(Buffer.concat([bytes.subarray(0, 8), chunk('IHDR', header), bytes.subarray(33)]), most)).toBeUndefined();
    expect(decodePlainPng(png({ channels: 1, filter: 5 }), most)).toBeUndefined();
  });
});
