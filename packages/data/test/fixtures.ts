/** Small made-up data for the tests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { randomFor } from '../src/random.ts';

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
