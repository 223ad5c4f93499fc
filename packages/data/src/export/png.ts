/** An image of a store as a PNG file. */
import type { ImageLayout } from '../store/manifest.ts';
import { toPicture } from '../store/picture.ts';

/** Without loss; pixels [C,H,W]. */
export async function encodePng(pixels: Uint8Array, image: ImageLayout): Promise<Buffer> {
  const { data, width, height } = toPicture(pixels, image);
  // Loaded at first use: a trainer that reads a store has no need of it.
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height, channels: image.channels } })
    .toColourspace(image.channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();
}
