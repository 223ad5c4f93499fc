/** A map laid over the face it belongs to, as a PNG. */
import { type Box, type Image, type Preprocessing, Resampler } from '@mien/runtime';
import { escapeText } from '../plot/svg.ts';
import { type HeatMap, resizeMap, stretchMap } from './heat-map.ts';

/** Side of each of the two panels. */
const sidePx = 384;
const gapPx = 16;
const captionPx = 68;

/** Dark violet to yellow over green-blue, of even growing lightness: readable without colour and for every kind of colour vision (viridis, van der Walt & Smith 2015, CC0). */
const colours: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

/** The colour of a value in 0…1. */
export function mapColour(value: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, value)) * (colours.length - 1);
  const low = Math.min(colours.length - 2, Math.floor(at));
  return [0, 1, 2].map((c) => Math.round(colours[low]![c]! + (at - low) * (colours[low + 1]![c]! - colours[low]![c]!))) as [number, number, number];
}

/** The square of a picture the network sees: the central part of the crop, as the card says. */
export function seenSquare(crop: Box, { input, resizeTo }: Preprocessing): Box {
  const [width, height] = [(crop.width * input.shape[2]) / resizeTo[1], (crop.height * input.shape[1]) / resizeTo[0]];
  return { x: crop.x + (crop.width - width) / 2, y: crop.y + (crop.height - height) / 2, width, height };
}

export interface OverlayOptions {
  readonly image: Image;
  /** The part of the picture the map covers. */
  readonly square: Box;
  readonly map: HeatMap;
  /** Two short lines below. */
  readonly caption: readonly [string, string];
}

/** The face as it is and under the map, side by side, with a legend: 784×452 px. */
export async function overlayPng({ image, square, map, caption }: OverlayOptions): Promise<Buffer> {
  const face = new Resampler().resample(image, square, 3, sidePx, sidePx, new Float32Array(3 * sidePx * sidePx));
  const heat = resizeMap(stretchMap(map), sidePx, sidePx).values;
  const width = 2 * sidePx + gapPx;
  const plane = sidePx * sidePx;
  const data = new Uint8Array(width * sidePx * 3).fill(255);
  for (let p = 0; p < plane; p++) {
    const [r, g, b] = [face[p]!, face[plane + p]!, face[2 * plane + p]!];
    // Grey below the map, so that every colour seen there is one of the legend's.
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    const colour = mapColour(heat[p]!);
    const at = 3 * (Math.floor(p / sidePx) * width + (p % sidePx));
    data.set([r, g, b], at);
    data.set(
      colour.map((c) => 0.45 * grey + 0.55 * c),
      at + 3 * (sidePx + gapPx),
    );
  }
  const stops = colours.map(([r, g, b], i) => `<stop offset="${i / (colours.length - 1)}" stop-color="rgb(${r},${g},${b})"/>`).join('');
  const legend = sidePx + gapPx;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${captionPx}" font-family="DejaVu Sans, sans-serif" font-size="14" fill="#1b1d21">
<defs><linearGradient id="s">${stops}</linearGradient></defs>
<text x="2" y="27" font-weight="bold">${escapeText(caption[0])}</text><text x="2" y="50">${escapeText(caption[1])}</text>
<rect x="${legend}" y="16" width="${sidePx}" height="12" fill="url(#s)"/><text x="${legend}" y="47">little</text><text x="${width}" y="47" text-anchor="end">much</text></svg>`;
  // Loaded at first use: it takes a fifth of a second, and most commands draw nothing.
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height: sidePx, channels: 3 } })
    .extend({ bottom: captionPx, background: '#ffffff' })
    .composite([{ input: Buffer.from(svg), left: 0, top: sidePx }])
    .png({ compressionLevel: 9 })
    .toBuffer();
}
