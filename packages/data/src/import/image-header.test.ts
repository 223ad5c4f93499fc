/** What the first bytes of a file tell, against what the library tells. */
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { randomFor } from '../random.ts';
import { readImageHeader } from './decode-image.ts';
import { usualHeader } from './image-header.ts';

function raw(channels: 1 | 3 | 4, width = 13, height = 7): Sharp {
  const random = randomFor(channels);
  return sharp(
    Uint8Array.from({ length: channels * width * height }, () => random.int(256)),
    { raw: { channels, width, height } },
  );
}

describe('usualHeader', () => {
  it('tells what the library tells, of PNG and JPEG in grey and colour', async () => {
    const files = [
      raw(1).toColourspace('b-w').png(),
      raw(3).png(),
      raw(4).png(),
      raw(1).toColourspace('b-w').jpeg(),
      raw(3).jpeg(),
      raw(3).jpeg({ progressive: true }),
    ];
    for (const file of files) {
      const bytes = await file.toBuffer();
      const { space, width, height } = await sharp(bytes).metadata();
      expect(usualHeader(bytes)).toEqual({ width, height, channels: space === 'b-w' ? 1 : 3 });
    }
  });

  it('does not judge a file that may be turned, nor one that is no PNG or JPEG', async () => {
    const turned = await raw(3).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(usualHeader(turned)).toBeUndefined();
    expect(await readImageHeader({ bytes: turned, name: 'turned' })).toEqual({ width: 7, height: 13, channels: 3 });
    expect(usualHeader(await raw(3).webp().toBuffer())).toBeUndefined();
    expect(usualHeader(new Uint8Array(0))).toBeUndefined();
  });
});
