/** A decoded picture in memory, the same in Node and in a browser. */

/** Interleaved 8-bit samples, row by row: `data[(y·width + x)·channels + c]`, 1 (grey), 3 (RGB) or 4 (RGBA) channels. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** A rectangle in pixels of its image; may reach over the edges. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
