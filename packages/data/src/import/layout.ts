/** The one size that all images of a store have. */
import { UserError } from '@mien/runtime';
import type { ImageLayout } from '../store/manifest.ts';
import type { ImageHeader } from './decode-image.ts';

const defaultSizePx = 48;
const largestSizePx = 4096;

export interface LayoutOptions {
  /** Side, or [height, width], of the stored images; by default the images' own size where all have the same, else 48. */
  size?: number | readonly [height: number, width: number] | undefined;
  /** 1 grey, 3 RGB; by default the images' own where all have the same size, else 1. */
  channels?: 1 | 3 | undefined;
}

/** @throws UserError `bad-size`. */
export function chooseLayout(headers: readonly ImageHeader[], { size, channels }: LayoutOptions): ImageLayout {
  const [first] = headers as [ImageHeader];
  const sameSize = headers.every((header) => header.height === first.height && header.width === first.width);
  if (size === undefined && sameSize && Number.isInteger(first.height) && Number.isInteger(first.width)) {
    const colour = headers.some((header) => header.channels === 3) ? 3 : 1;
    return { layout: 'fixed', channels: channels ?? colour, height: first.height, width: first.width };
  }
  const [height, width] = typeof size === 'object' ? size : [size ?? defaultSizePx, size ?? defaultSizePx];
  if (!(Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0 && height <= largestSizePx && width <= largestSizePx)) {
    throw new UserError('bad-size', `size ${height}×${width}: expected whole numbers of pixels from 1 to ${largestSizePx}`);
  }
  return { layout: 'fixed', channels: channels ?? 1, height, width };
}

/** Whether an image goes into the store as it is. */
export function fitsLayout(header: ImageHeader, image: ImageLayout): boolean {
  return header.height === image.height && header.width === image.width && header.channels === image.channels;
}
