/** A picture file to pixels, in a worker. */
import { type Image, UserError } from '@mien/runtime';
import { strings } from '../strings.ts';

/** As in Node: 400 MB of RGBA. */
const maxPixels = 100e6;
/** Longer side of the copy that is shown: sharp on a large screen, small enough to hold hundreds. */
const previewLongSidePx = 1600;

export interface DecodedPicture {
  readonly image: Image;
  readonly preview: Blob;
}

/** `bitmap` on white at its size divided by `shrink`. */
function drawOnWhite(bitmap: ImageBitmap, shrink: number): [OffscreenCanvas, OffscreenCanvasRenderingContext2D] {
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width / shrink)), Math.max(1, Math.round(bitmap.height / shrink)));
  const context = canvas.getContext('2d', { willReadFrequently: shrink === 1 });
  if (!context) throw new UserError('image-too-large', strings.errors.tooLargeToHold);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return [canvas, context];
}

/**
 * Decodes what the browser can decode: turned upright by its EXIF orientation, transparency on white, the first frame
 * of an animation. `image` is RGBA. Throws `UserError` `empty-file`, `unreadable-image` or `image-too-large`.
 */
export async function decodePicture(file: Blob): Promise<DecodedPicture> {
  if (file.size === 0) throw new UserError('empty-file', strings.errors.emptyFile);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image', premultiplyAlpha: 'default' });
  } catch (cause) {
    throw new UserError('unreadable-image', strings.errors.unreadable, { cause });
  }
  try {
    const { width, height } = bitmap;
    if (width * height > maxPixels) throw new UserError('image-too-large', strings.errors.tooLarge((width * height) / 1e6, maxPixels / 1e6));
    const [, context] = drawOnWhite(bitmap, 1);
    const { data } = context.getImageData(0, 0, width, height, { colorSpace: 'srgb' });
    const [canvas] = drawOnWhite(bitmap, Math.max(1, Math.max(width, height) / previewLongSidePx));
    const preview = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
    return { image: { width, height, channels: 4, data }, preview };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    // Decoding went well; only memory can fail now.
    throw new UserError('image-too-large', strings.errors.tooLargeToHold, { cause });
  } finally {
    bitmap.close();
  }
}
