/** A data set small and easy enough to learn within seconds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ferPlusNames, randomFor, StoreWriter } from '@mien/data';
import { expressions, parseExpression } from '@mien/runtime';
import { onTestFinished } from 'vitest';

/** A directory that goes with the test. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'mien-training-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** 48×48: stripes whose width and direction tell the class, at a random place, under noise. */
function picture(label: number, split: string, row: number): Uint8Array {
  const rng = randomFor('tiny', split, row);
  const phase = rng.next() * 7;
  const angle = (label * Math.PI) / 7;
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  return Uint8Array.from({ length: 48 * 48 }, (_, i) => {
    const wave = Math.sin(((i % 48) * dx + Math.floor(i / 48) * dy) * (0.4 + 0.1 * label) + phase);
    return Math.max(0, Math.min(255, 128 + 80 * wave + 20 * rng.normal()));
  });
}

/** FER+ votes of a picture: mostly for its label, the rest for contempt; every third row has none. */
function votesOf(label: number, row: number): Uint8Array {
  return Uint8Array.from(ferPlusNames, (name) => (row % 3 === 0 ? 0 : parseExpression(name) === expressions[label] ? 8 : name === 'contempt' ? 2 : 0));
}

/** Writes a store with these splits and so many rows in each, labels in turn; returns its directory. */
export function writeTinyStore(out: string, rows: Readonly<Record<string, number>> = { train: 32, val: 21 }, { votes = false } = {}): string {
  const writer = new StoreWriter({
    out,
    name: 'tiny',
    form: 'test',
    file: 'none',
    image: { layout: 'fixed', channels: 1, height: 48, width: 48 },
    labels: expressions,
    ...(votes ? { votes: ferPlusNames } : {}),
  });
  for (const [split, count] of Object.entries(rows)) {
    for (let row = 0; row < count; row++)
      writer.append({ split, label: row % 7, image: picture(row % 7, split, row), ...(votes ? { votes: votesOf(row % 7, row) } : {}) });
  }
  writer.finish();
  return out;
}
