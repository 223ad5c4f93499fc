/** Many small images in one PNG, as photographers looked through a film. */
import type { ImageLayout } from '../store/manifest.ts';

export interface SheetOptions {
  /** Tiles in a row. */
  columns: number;
  /** Whole-number enlargement, each sample a square of this side. Default 1. */
  scale?: number | undefined;
  /** Between tiles. Default 2. */
  gapPx?: number | undefined;
}

/** Of the gaps and of tiles that are missing; fits light and dark pages. */
const background = 128;

/**
 * Draws tiles row by row. Each tile is planar [C,H,W] 0…255 of the size in `image`; undefined leaves its place empty.
 * @returns a PNG of ⌈tiles / columns⌉ rows.
 */
export async function contactSheet(
  tiles: readonly (Uint8Array | undefined)[],
  image: ImageLayout,
  { columns, scale = 1, gapPx = 2 }: SheetOptions,
): Promise<Buffer> {
  const { channels, height, width } = image;
  const rows = Math.max(1, Math.ceil(tiles.length / columns));
  const stepX = width * scale + gapPx;
  const stepY = height * scale + gapPx;
  const sheetWidth = columns * stepX - gapPx;
  const sheetHeight = rows * stepY - gapPx;
  const sheet = Buffer.alloc(sheetWidth * sheetHeight * channels, background);
  for (const [index, tile] of tiles.entries()) {
    if (!tile) continue;
    const left = (index % columns) * stepX;
    const top = Math.floor(index / columns) * stepY;
    for (let y = 0; y < height * scale; y++) {
      const from = Math.floor(y / scale) * width;
      let to = ((top + y) * sheetWidth + left) * channels;
      for (let x = 0; x < width * scale; x++) {
        for (let c = 0; c < channels; c++) sheet[to++] = tile[c * height * width + from + Math.floor(x / scale)] as number;
      }
    }
  }
  // Loaded at first use: it takes a fifth of a second, and most commands draw nothing.
  const { default: sharp } = await import('sharp');
  return sharp(sheet, { raw: { width: sheetWidth, height: sheetHeight, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png({ compressionLevel: 9 })
    .toBuffer();
}
