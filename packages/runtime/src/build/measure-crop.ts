/**
 * Measures where a detector's box lies inside the crops of a training set, which is what a card's `crop` says.
 * Crops are enlarged, surrounded by their repeated edge pixels, laid out in a mosaic and searched for faces.
 *
 * Run: `node packages/runtime/dist/build/measure-crop.js --raw crops.u8 --size 48 --count 2000
 *       [--enlarged 120] [--detector FILE.onnx] [--against FILE.onnx]`
 * `--raw` is grey pixels, one crop after the other. `--against` also compares that detector's boxes, face by face.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createSession } from '@mien/onnx/node';
import type { Detection, FaceDetector } from '../detector/face-detector.ts';
import { loadDetector } from '../detector/load-detector.ts';
import type { Box, Image } from '../image.ts';
import { defaultDetector } from '../node/default-detector.ts';
import { Resampler } from '../resample.ts';

const { values: flags } = parseArgs({
  options: {
    raw: { type: 'string' },
    size: { type: 'string', default: '48' },
    count: { type: 'string', default: '2000' },
    enlarged: { type: 'string', default: '120' },
    detector: { type: 'string' },
    against: { type: 'string' },
  },
});
if (!flags.raw) throw new Error('usage: measure-crop --raw FILE [--size 48] [--count 2000] [--enlarged 120] [--detector FILE.onnx] [--against FILE.onnx]');

/** Tiles in a row and a column of the mosaic. */
const perSide = 4;
/** Repeated edge around a crop, as a fraction of its side. */
const margin = 0.35;
const sizePx = Number(flags.size);
const cropPx = Number(flags.enlarged);
const tilePx = Math.round(cropPx * (1 + 2 * margin));
const raw = new Uint8Array(readFileSync(flags.raw));
const available = Math.floor(raw.length / sizePx ** 2);
const count = Math.min(Number(flags.count), available);

const open = async (file: string | undefined): Promise<FaceDetector> =>
  file ? loadDetector({ model: new Uint8Array(readFileSync(file)), createSession, file }) : defaultDetector();

const resampler = new Resampler();

/** Crops `rows` as one grey mosaic. */
function mosaicOf(rows: readonly number[]): Image {
  const side = tilePx * perSide;
  const data = new Uint8Array(side * side);
  const tile = new Float32Array(tilePx * tilePx);
  for (const [t, row] of rows.entries()) {
    const crop: Image = { width: sizePx, height: sizePx, channels: 1, data: raw.subarray(row * sizePx ** 2, (row + 1) * sizePx ** 2) };
    const border = ((tilePx - cropPx) / 2 / cropPx) * sizePx;
    resampler.resample(crop, { x: -border, y: -border, width: sizePx + 2 * border, height: sizePx + 2 * border }, 1, tilePx, tilePx, tile);
    const left = (t % perSide) * tilePx;
    const top = Math.floor(t / perSide) * tilePx;
    for (let y = 0; y < tilePx; y++) for (let x = 0; x < tilePx; x++) data[(top + y) * side + left + x] = Math.round(tile[y * tilePx + x]!);
  }
  return { width: side, height: side, channels: 1, data };
}

/** The best face whose centre lies in tile t, relative to the crop: its corner is 0,0 and its side 1. */
function faceOf(t: number, faces: readonly Detection[]): Box | undefined {
  const left = (t % perSide) * tilePx + (tilePx - cropPx) / 2;
  const top = Math.floor(t / perSide) * tilePx + (tilePx - cropPx) / 2;
  const face = faces.find(({ box }) => {
    const x = box.x + box.width / 2 - left;
    const y = box.y + box.height / 2 - top;
    return x > 0 && x < cropPx && y > 0 && y < cropPx;
  });
  return face && { x: (face.box.x - left) / cropPx, y: (face.box.y - top) / cropPx, width: face.box.width / cropPx, height: face.box.height / cropPx };
}

/** `median [lower quartile, upper quartile]` */
function quartiles(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN).toFixed(3);
  return `${at(0.5)} [${at(0.25)}, ${at(0.75)}]`;
}

const detector = await open(flags.detector);
const other = flags.against ? await open(flags.against) : undefined;
const found: Box[] = [];
const pairs: [Box, Box][] = [];
// Spread over the whole file: neighbours may come from one photograph.
const picked = Array.from({ length: count }, (_, i) => Math.floor((i * available) / count));
for (let from = 0; from < picked.length; from += perSide ** 2) {
  const rows = picked.slice(from, from + perSide ** 2);
  const mosaic = mosaicOf(rows);
  const faces = await detector.detect(mosaic);
  const otherFaces = other ? await other.detect(mosaic) : [];
  for (const t of rows.keys()) {
    const box = faceOf(t, faces);
    if (box) found.push(box);
    const otherBox = faceOf(t, otherFaces);
    if (box && otherBox) pairs.push([box, otherBox]);
  }
}
console.log(`${detector.name}: ${found.length} of ${count} crops with a face, crops enlarged to ${cropPx} px`);
console.log(`scale   ${quartiles(found.map((b) => 1 / Math.sqrt(b.width * b.height)))}   crop side ÷ √(w·h)`);
console.log(`shift x ${quartiles(found.map((b) => 0.5 - b.x - b.width / 2))}   (crop centre − box centre) ÷ crop side`);
console.log(`shift y ${quartiles(found.map((b) => 0.5 - b.y - b.height / 2))}`);
console.log(`aspect  ${quartiles(found.map((b) => b.width / b.height))}   w ÷ h`);
if (other) {
  console.log(`${other.name} → ${detector.name}, ${pairs.length} faces found by both; in sides of ${other.name}'s box:`);
  console.log(`shift x ${quartiles(pairs.map(([a, b]) => (a.x + a.width / 2 - b.x - b.width / 2) / b.width))}`);
  console.log(`shift y ${quartiles(pairs.map(([a, b]) => (a.y + a.height / 2 - b.y - b.height / 2) / b.height))}`);
  console.log(`width   ${quartiles(pairs.map(([a, b]) => a.width / b.width))}`);
  console.log(`height  ${quartiles(pairs.map(([a, b]) => a.height / b.height))}`);
}
await detector.release();
await other?.release();
