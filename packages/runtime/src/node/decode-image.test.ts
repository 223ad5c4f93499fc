import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Create } from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { decodeImage } from './decode-image.ts';

const folder = mkdtempSync(join(tmpdir(), 'mien-decode-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}
const plain = (width: number, height: number, background: Create['background'], channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background } });

/** A PNG whose header promises width×height and whose data hold a few rows at most. */
function pngOf(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(8 + body.length);
    out.writeUInt32BE(data.length);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), 4 + body.length);
    return out;
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', new Uint8Array()),
  ]);
}

test.each([
  ['not-found', () => join(folder, 'nowhere.jpg'), 'no such file'],
  ['not-a-file', () => folder, 'folder'],
  ['empty-file', () => file('empty.jpg', ''), '0 bytes'],
  ['unreadable-image', () => file('text.jpg', 'Dear photograph,\n'), 'text.jpg'],
  ['unreadable-image', () => file('cut.png', pngOf(300, 300)), 'cut.png'],
  ['image-too-large', () => file('huge.png', pngOf(20000, 20000)), '20000×20000 is 400 megapixels, at most 100'],
])('%s: told in one line', async (code, path, words) => {
  const error = await decodeImage(path()).catch((e) => e);
  expect(error).toMatchObject({ name: 'UserError', code, message: expect.stringContaining(words) });
  expect(error.message).not.toContain('\n');
});

test('a truncated JPEG is refused, not half decoded', async () => {
  const whole = await sharp({ create: { width: 400, height: 400, channels: 3, background: 'grey', noise: { type: 'gaussian', mean: 128, sigma: 30 } } })
    .jpeg()
    .toBuffer();
  await expect(decodeImage(whole.subarray(0, whole.length >> 1))).rejects.toMatchObject({ code: 'unreadable-image' });
});

test('a limit can be set, and bytes can carry a name', async () => {
  const png = await plain(20, 10, 'red').png().toBuffer();
  await expect(decodeImage(png, { maxPixels: 199, name: 'upload' })).rejects.toMatchObject({
    code: 'image-too-large',
    message: expect.stringContaining('upload: 20×10'),
  });
  expect(await decodeImage(png, { maxPixels: 200 })).toMatchObject({ width: 20, height: 10, channels: 3 });
});

test('the EXIF orientation is applied: a photo stored on its side comes out upright', async () => {
  // Left half red, right half blue, then marked as to be turned a quarter clockwise: red ends on top.
  const jpeg = await plain(40, 20, 'blue')
    .composite([{ input: { create: { width: 20, height: 20, channels: 3, background: 'red' } }, left: 0, top: 0 }])
    .withMetadata({ orientation: 6 })
    .jpeg({ chromaSubsampling: '4:4:4' })
    .toBuffer();
  const image = await decodeImage(jpeg);
  expect([image.width, image.height]).toEqual([20, 40]);
  const at = (x: number, y: number): number[] => [...image.data.subarray((y * 20 + x) * 3, (y * 20 + x) * 3 + 3)].map((v) => Math.round(v / 255));
  expect([at(10, 5), at(10, 35)]).toEqual([
    [1, 0, 0],
    [0, 0, 1],
  ]);
});

test('a CMYK JPEG becomes RGB', async () => {
  const image = await decodeImage(await plain(8, 8, { r: 200, g: 30, b: 30 }).toColourspace('cmyk').jpeg().toBuffer());
  expect(image.channels).toBe(3);
  const [r, g, b] = image.data as unknown as [number, number, number];
  expect(r).toBeGreaterThan(150);
  expect(Math.max(g, b)).toBeLessThan(90);
});

test('transparency lies on white; grey, palette and 16-bit pictures come as 8 bits', async () => {
  expect([...(await decodeImage(await plain(1, 1, { r: 0, g: 0, b: 0, alpha: 0 }, 4).png().toBuffer())).data]).toEqual([255, 255, 255]);
  const grey = await decodeImage(await plain(2, 1, '#808080').toColourspace('b-w').png().toBuffer());
  expect(grey.data).toHaveLength(2 * grey.channels);
  expect([...new Set(grey.data)]).toEqual([128]);
  const deep = await decodeImage(await plain(2, 1, '#804020').toColourspace('rgb16').png().toBuffer());
  expect([...deep.data]).toEqual([128, 64, 32, 128, 64, 32]);
  expect(await decodeImage(await plain(3, 2, 'red').png({ palette: true }).toBuffer())).toMatchObject({ width: 3, height: 2, channels: 3 });
});

test('an animated GIF gives its first frame', async () => {
  const frames = await Promise.all(['red', 'lime'].map((colour) => plain(6, 4, colour).png().toBuffer()));
  const gif = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
  const image = await decodeImage(gif);
  expect([image.width, image.height, image.channels]).toEqual([6, 4, 3]);
  expect([...image.data.subarray(0, 3)]).toEqual([255, 0, 0]);
});
