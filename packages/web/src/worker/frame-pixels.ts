/** The pixels of a frame, in a worker. */
import type { Image } from '@mien/runtime';

/** Frames with a longer side are made smaller first: faces are small parts of them and the copy would cost more than the networks. */
const longestSidePx = 1280;

/** A frame's pixels; `scale` is the frame's size ÷ the picture's. */
export interface FramePixels {
  readonly image: Image;
  readonly scale: number;
}

/** Reads frames one after the other; the memory of the last one is used again. */
export class FrameReader {
  #data = new Uint8ClampedArray(0);
  #canvas: OffscreenCanvasRenderingContext2D | undefined;
  #copies = true;

  /** The frame's pixels as RGBA, valid until the next call. Closes the frame. */
  async read(frame: VideoFrame | ImageBitmap): Promise<FramePixels> {
    try {
      const [width, height] = 'displayWidth' in frame ? [frame.displayWidth, frame.displayHeight] : [frame.width, frame.height];
      const scale = Math.max(1, Math.max(width, height) / longestSidePx);
      if (scale === 1 && this.#copies && 'copyTo' in frame && frame.codedWidth >= width) {
        const image = await this.#copy(frame);
        if (image) return { image, scale };
      }
      return { image: this.#draw(frame, Math.round(width / scale), Math.round(height / scale)), scale };
    } finally {
      frame.close();
    }
  }

  /** Straight out of the decoder's memory, converted to sRGB. Not every browser can do that for every kind of frame. */
  async #copy(frame: VideoFrame): Promise<Image | undefined> {
    // What is copied is as the decoder has it, not turned as it is shown.
    const { visibleRect, rotation, flip } = frame as VideoFrame & { readonly rotation?: number; readonly flip?: boolean };
    if (rotation || flip || !visibleRect || visibleRect.width !== frame.displayWidth || visibleRect.height !== frame.displayHeight) return undefined;
    const { width, height } = visibleRect;
    if (this.#data.length !== width * height * 4) this.#data = new Uint8ClampedArray(width * height * 4);
    try {
      const layout = await frame.copyTo(this.#data, { format: 'RGBA', colorSpace: 'srgb' } as VideoFrameCopyToOptions);
      if (layout[0]?.stride !== width * 4) return undefined;
      return { width, height, channels: 4, data: this.#data };
    } catch {
      // A browser without conversion on copying: the canvas does it, for this frame and those to come.
      this.#copies = false;
      return undefined;
    }
  }

  #draw(frame: VideoFrame | ImageBitmap, width: number, height: number): Image {
    if (this.#canvas?.canvas.width !== width || this.#canvas.canvas.height !== height) {
      this.#canvas = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true, alpha: false }) ?? undefined;
    }
    if (!this.#canvas) throw new Error(`no canvas of ${width}×${height} to be had`);
    // What is transparent lies on white, as in Node and in the studio.
    this.#canvas.fillStyle = '#fff';
    this.#canvas.fillRect(0, 0, width, height);
    this.#canvas.imageSmoothingQuality = 'high';
    this.#canvas.drawImage(frame, 0, 0, width, height);
    return { width, height, channels: 4, data: this.#canvas.getImageData(0, 0, width, height, { colorSpace: 'srgb' }).data };
  }
}
