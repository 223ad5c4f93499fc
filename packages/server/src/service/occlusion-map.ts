/** Which parts of a face a recognition rests on, by covering them one after another (Zeiler & Fergus 2014, section 4.2). */
import { type Box, cropSquare, type Image, type ModelCard, type Recognition, Resampler, wholeSquare } from '@mien/runtime';

/** Sides of the cover in cells of the map: covers overlap, so that a feature on a cell's edge is covered whole by one of them. */
const coverCells = 2;

/** The face as the network sees it before normalisation: an 8-bit picture of the card's `resizeTo`. */
export function cropOf(image: Image, square: Box, card: ModelCard): Image {
  const { color, resizeTo } = card.preprocessing;
  const [height, width] = resizeTo;
  const channels = color === 'gray' ? 1 : 3;
  const planes = new Resampler().resample(image, square, channels, height, width, new Float32Array(channels * height * width));
  const data = new Uint8Array(planes.length);
  const plane = height * width;
  for (let i = 0; i < plane; i++) for (let c = 0; c < channels; c++) data[i * channels + c] = Math.round(planes[c * plane + i]!);
  return { width, height, channels, data };
}

/** The square of a picture that a recogniser cuts out for this box. */
export function squareOf(image: Image, face: Box | 'whole', card: ModelCard): Box {
  return face === 'whole' ? wholeSquare(image) : cropSquare(face, card.preprocessing.crop);
}

function meanOf(image: Image): number[] {
  const sums = new Array<number>(image.channels).fill(0);
  for (let i = 0; i < image.data.length; i++) sums[i % image.channels]! += image.data[i]!;
  return sums.map((sum) => Math.round(sum / (image.width * image.height)));
}

function covered(image: Image, colour: readonly number[], left: number, top: number, right: number, bottom: number): Image {
  const data = image.data.slice();
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) for (let c = 0; c < image.channels; c++) data[(y * image.width + x) * image.channels + c] = colour[c]!;
  }
  return { ...image, data };
}

/**
 * The map of one label over a crop, [grid][grid] from the top left: cell value = mean over the covers that contain the
 * cell of p(label | crop) − p(label | crop with the cover), in −1…1. A cover is 2×2 cells of the crop's mean colour.
 * `recognise` is asked for the crop itself and for (grid + 1)² covered ones, all at once.
 */
export async function occlusionMap(crop: Image, label: string, grid: number, recognise: (image: Image) => Promise<Recognition>): Promise<number[][]> {
  const colour = meanOf(crop);
  // Pixel at which a cell begins; covers reach over the edges, so that each cell lies under four of them.
  const edge = (cell: number, length: number): number => Math.round((Math.min(Math.max(cell, 0), grid) * length) / grid);
  const positions = Array.from({ length: (grid + 1) ** 2 }, (_, i) => ({ row: Math.floor(i / (grid + 1)) - 1, column: (i % (grid + 1)) - 1 }));
  const [whole, ...withCover] = await Promise.all([
    recognise(crop),
    ...positions.map(({ row, column }) =>
      recognise(
        covered(crop, colour, edge(column, crop.width), edge(row, crop.height), edge(column + coverCells, crop.width), edge(row + coverCells, crop.height)),
      ),
    ),
  ]);
  const map = Array.from({ length: grid }, () => new Array<number>(grid).fill(0));
  for (const [i, { row, column }] of positions.entries()) {
    const fall = whole!.probabilities[label]! - withCover[i]!.probabilities[label]!;
    for (let y = Math.max(row, 0); y < Math.min(row + coverCells, grid); y++) {
      for (let x = Math.max(column, 0); x < Math.min(column + coverCells, grid); x++) map[y]![x]! += fall / coverCells ** 2;
    }
  }
  return map;
}
