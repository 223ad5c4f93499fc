/** A film for Chromium's fake camera: a photograph that moves a little, as y4m. */
import { closeSync, openSync, writeSync } from 'node:fs';
import sharp from 'sharp';

export interface FakeCameraOptions {
  /** A photograph; undefined: a grey wall. */
  readonly photograph?: string;
  readonly width?: number;
  readonly height?: number;
  readonly frames?: number;
  /** Default 12: a page that recognises sixty faces a second would leave nothing to the tests beside it. */
  readonly framesPerSecond?: number;
}

/** Writes `file`: the photograph fills the frame and wanders by a fiftieth of its width, in a loop. */
export async function writeFakeCamera(
  file: string,
  { photograph, width = 640, height = 480, frames = 30, framesPerSecond = 12 }: FakeCameraOptions,
): Promise<void> {
  const margin = Math.round(width / 50);
  const [fullWidth, fullHeight] = [width + 2 * margin, height + 2 * margin];
  const { data } = photograph
    ? await sharp(photograph).removeAlpha().resize(fullWidth, fullHeight, { fit: 'cover', position: 'top' }).raw().toBuffer({ resolveWithObject: true })
    : { data: Buffer.alloc(fullWidth * fullHeight * 3, 128) };
  const out = openSync(file, 'w');
  writeSync(out, `YUV4MPEG2 W${width} H${height} F${framesPerSecond}:1 Ip A1:1 C420jpeg\n`);
  for (let i = 0; i < frames; i++) {
    const phase = (2 * Math.PI * i) / frames;
    const left = margin + Math.round(margin * Math.cos(phase));
    const top = margin + Math.round(margin * Math.sin(phase));
    writeSync(out, 'FRAME\n');
    writeSync(out, planes(data, fullWidth, left, top, width, height));
  }
  closeSync(out);
}

/** Y, U and V of a rectangle of RGB pixels (BT.601), U and V at half size. */
function planes(rgb: Buffer, stride: number, left: number, top: number, width: number, height: number): Uint8Array {
  const yuv = new Uint8Array((width * height * 3) / 2);
  const chroma = width * height;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = ((top + y) * stride + left + x) * 3;
      const [r, g, b] = [rgb[at]!, rgb[at + 1]!, rgb[at + 2]!];
      const luma = 16 + 0.257 * r + 0.504 * g + 0.098 * b;
      yuv[y * width + x] = luma;
      if (x % 2 || y % 2) continue;
      const to = chroma + (y / 2) * (width / 2) + x / 2;
      yuv[to] = 128 - 0.148 * r - 0.291 * g + 0.439 * b;
      yuv[to + chroma / 4] = 128 + 0.439 * r - 0.368 * g - 0.071 * b;
    }
  }
  return yuv;
}
