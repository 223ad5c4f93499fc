/** Small made-up data for the tests. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import { randomFor } from '../src/random.ts';
import type { StoreRow } from '../src/store/split-parts.ts';
import { StoreWriter, type StoreWriterOptions } from '../src/store/writer.ts';

/** A directory that goes with the test. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'mien-data-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export interface FerRow {
  label: number | string;
  usage: string;
  pixels: Uint8Array;
}

/** Rows of random 48×48 pixels, labels 0…6 in turn. */
export function ferRows(counts: Partial<Record<'Training' | 'PublicTest' | 'PrivateTest', number>>): FerRow[] {
  const rows: FerRow[] = [];
  for (const [usage, count] of Object.entries(counts)) {
    for (let i = 0; i < count; i++) {
      const rng = randomFor('fixture', usage, i);
      rows.push({ label: rows.length % 7, usage, pixels: Uint8Array.from({ length: 48 * 48 }, () => rng.int(256)) });
    }
  }
  return rows;
}

/** The rows as fer2013.csv has them. */
export function ferCsv(rows: readonly FerRow[], eol = '\n'): string {
  return `${['emotion,pixels,Usage', ...rows.map(({ label, usage, pixels }) => `${label},${pixels.join(' ')},${usage}`)].join(eol)}${eol}`;
}

export const votesHeader = 'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF';

/** Row i of the votes has i mod 11 for neutral and the rest of ten for NF. */
export function votesCsv(usages: readonly string[]): string {
  return `${[votesHeader, ...usages.map((usage, i) => `${usage},fer${String(i).padStart(7, '0')}.png,${i % 11},0,0,0,0,0,0,0,0,${10 - (i % 11)}`)].join('\r\n')}\r\n`;
}

export function write(dir: string, name: string, contents: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, contents);
  return path;
}

export interface Picture {
  height?: number;
  width?: number;
  channels?: 1 | 3;
  /** Every sample, or random ones from the path. */
  value?: number;
}

export function samplesOf(path: string, { height = 6, width = 6, channels = 1, value }: Picture): Uint8Array {
  const rng = randomFor('picture', path);
  return Uint8Array.from({ length: height * width * channels }, () => value ?? rng.int(256));
}

/** A tree of images; a string or bytes in place of a picture are written as they are. */
export async function makeTree(files: Record<string, Picture | string | Uint8Array>): Promise<string> {
  const dir = join(temporaryDir(), 'faces');
  mkdirSync(dir);
  for (const [path, what] of Object.entries(files)) {
    mkdirSync(join(dir, dirname(path)), { recursive: true });
    if (typeof what === 'string' || what instanceof Uint8Array) {
      write(dir, path, what);
    } else {
      const { height = 6, width = 6, channels = 1 } = what;
      const image = sharp(samplesOf(path, what), { raw: { height, width, channels } }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
      await image.toFile(join(dir, path));
    }
  }
  return dir;
}

/** A store of random 6×6 images: for each split, the label of each row. */
export function makeStore(
  out: string,
  splits: Readonly<Record<string, readonly number[]>>,
  more: Partial<StoreWriterOptions> & { row?: (split: string, index: number) => Partial<StoreRow> } = {},
): string {
  const { row, ...options } = more;
  const image = options.image ?? { layout: 'fixed', channels: 1, height: 6, width: 6 };
  const writer = new StoreWriter({ name: 'made-up', form: 'test', file: 'none', labels: ['angry', 'happy', 'sad'], ...options, out, image });
  for (const [split, labels] of Object.entries(splits)) {
    for (const [index, label] of labels.entries()) {
      const rng = randomFor('store', options.name ?? '', split, index);
      const samples = Uint8Array.from({ length: image.channels * image.height * image.width }, () => rng.int(256));
      writer.append({ split, label, image: samples, ...row?.(split, index) });
    }
  }
  writer.finish();
  return out;
}
