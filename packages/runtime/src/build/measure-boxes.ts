/**
 * Measures how the light detector's boxes differ from the default detector's, whose boxes a card's `crop` refers to:
 * once where it looks at a whole picture, once where it follows a face from a box that is off by up to a tenth.
 * Each photograph is taken at several sizes, as it is and mirrored.
 *
 * Run: `node packages/runtime/dist/build/measure-boxes.js PHOTO...`
 */
import { parseArgs } from 'node:util';
import type { Detection } from '../detector/face-detector.ts';
import { iou } from '../detector/non-maximum-suppression.ts';
import type { Box, Image } from '../image.ts';
import { decodeImage } from '../node/decode-image.ts';
import { defaultDetector, lightDetector } from '../node/default-detector.ts';
import { Resampler } from '../resample.ts';

const { positionals: files } = parseArgs({ allowPositionals: true });
if (files.length === 0) throw new Error('usage: measure-boxes PHOTO...');

const longSidesPx = [1280, 960, 640];
/** Offsets of the followed box, in its sides. */
const offsets = [-0.1, 0, 0.1];

function resized(image: Image, longSidePx: number, mirrored: boolean): Image {
  const ratio = longSidePx / Math.max(image.width, image.height);
  const width = Math.round(image.width * ratio);
  const height = Math.round(image.height * ratio);
  const planes = new Resampler().resample(
    image,
    { x: 0, y: 0, width: image.width, height: image.height },
    3,
    height,
    width,
    new Float32Array(3 * height * width),
  );
  const data = new Uint8Array(3 * height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = y * width + (mirrored ? width - 1 - x : x);
      for (let c = 0; c < 3; c++) data[to * 3 + c] = Math.round(planes[(c * height + y) * width + x]!);
    }
  }
  return { width, height, channels: 3, data };
}

/** `median [lower quartile, upper quartile]` */
function quartiles(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN).toFixed(3);
  return `${at(0.5)} [${at(0.25)}, ${at(0.75)}]`;
}

function print(title: string, pairs: readonly (readonly [Box, Box])[]): void {
  console.log(`${title}, n = ${pairs.length}; in sides of the light detector's box:`);
  console.log(`  shift x ${quartiles(pairs.map(([a, b]) => (a.x + a.width / 2 - b.x - b.width / 2) / b.width))}`);
  console.log(`  shift y ${quartiles(pairs.map(([a, b]) => (a.y + a.height / 2 - b.y - b.height / 2) / b.height))}`);
  console.log(`  width   ${quartiles(pairs.map(([a, b]) => a.width / b.width))}`);
  console.log(`  height  ${quartiles(pairs.map(([a, b]) => a.height / b.height))}`);
}

const [full, light] = await Promise.all([defaultDetector(), lightDetector()]);
const seen: [Box, Box][] = [];
const followed: [Box, Box][] = [];
let faces = 0;
for (const file of files) {
  const photo = await decodeImage(file);
  for (const longSidePx of longSidesPx) {
    for (const mirrored of [false, true]) {
      const image = resized(photo, longSidePx, mirrored);
      const truth = await full.detect(image);
      const found = await light.detect(image);
      faces += truth.length;
      const nearest = (box: Box): Detection | undefined => found.toSorted((a, b) => iou(b.box, box) - iou(a.box, box))[0];
      for (const { box } of truth) {
        const match = nearest(box);
        if (match && iou(match.box, box) > 0.3) seen.push([box, match.box]);
        for (const offset of offsets) {
          const start = { ...box, x: box.x + offset * box.width, y: box.y - offset * box.height };
          const [again] = await light.follow(image, [start]);
          if (again && iou(again.box, box) > 0.3) followed.push([box, again.box]);
        }
      }
    }
  }
}
console.log(`${faces} faces of the default detector in ${files.length} photographs at ${longSidesPx.join(', ')} px, mirrored too`);
print('whole picture', seen);
print('followed', followed);
await Promise.all([full.release(), light.release()]);
