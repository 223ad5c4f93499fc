import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eyeRoll, type Image, type LandmarkFinder, landmarkKind, UserError } from '@mien/runtime';
import { expect, it } from 'vitest';
import { temporaryDir } from '../../test/fixtures.ts';
import { mergeStores } from '../merge/merge.ts';
import { openStore } from '../store/store.ts';
import { StoreWriter } from '../store/writer.ts';
import { alignStore } from './align.ts';
import { findLandmarks } from './find-landmarks.ts';
import { landmarkFile, landmarkRowBytes } from './landmark-file.ts';
import { pointsOfRow, splitLandmarks } from './split-landmarks.ts';

const sidePx = 40;
/** Roll of the face in a row, radians; row 7 has no eyes. */
const rollOf = (row: number): number => ((row % 5) - 2) * 0.2;

/** A face of row r: dark, with two bright eyes on a line turned by its roll; pixel 0 holds the row. */
function faceImage(row: number): Uint8Array {
  const roll = rollOf(row);
  const image = new Uint8Array(sidePx * sidePx);
  for (const side of [-1, 1]) {
    const x = 20 + side * 10 * Math.cos(roll);
    const y = 20 + side * 10 * Math.sin(roll);
    for (let i = 0; i < image.length; i++)
      image[i]! += Math.round(200 * Math.exp(-(((i % sidePx) + 0.5 - x) ** 2 + (Math.floor(i / sidePx) + 0.5 - y) ** 2) / 6));
  }
  image[0] = row;
  return image;
}

/** Knows faces by their first pixel. `after`: calls until it fails. */
function fakeFinder(after = Infinity): LandmarkFinder & { rows: number } {
  return {
    kind: landmarkKind,
    rows: 0,
    async find(images, squares) {
      if (after-- <= 0) throw new Error('killed');
      this.rows += squares.length;
      return (images as readonly Image[]).map(({ data }) => {
        const row = data[0]!;
        const roll = rollOf(row);
        return Float32Array.from({ length: 136 }, (_, i) => {
          const p = i >> 1;
          const side = p >= 36 && p < 42 ? -1 : p >= 42 && p < 48 ? 1 : 0.1 * p - 3;
          if (row === 7) return 20;
          return 20 + side * 10 * (i & 1 ? Math.sin(roll) : Math.cos(roll));
        });
      });
    },
    release: async () => {},
  };
}

/** 70 rows of train and 5 of a locked test split. */
function makeStore(dir: string, name = 'faces'): string {
  const out = join(dir, name);
  const image = { layout: 'fixed', channels: 1, height: sidePx, width: sidePx } as const;
  const writer = new StoreWriter({ out, name, form: 'folders', file: name, image, labels: ['a', 'b'] });
  for (let row = 0; row < 75; row++) writer.append({ split: row < 70 ? 'train' : 'test', label: row % 2, image: faceImage(row) });
  writer.finish();
  return out;
}

const refusal = (code: string): unknown => expect.objectContaining({ constructor: UserError, code });

it('finds the points of every row, keeps them beside the store, and goes on after a kill where it stood', async () => {
  const dir = makeStore(temporaryDir());
  const opened = await openStore(dir);
  const train = await opened.split('train');
  await expect(splitLandmarks(train, 'model x')).rejects.toThrow(/model x needs; find them with `mien data landmarks/);
  await expect(findLandmarks(dir, { finder: fakeFinder(2) })).rejects.toThrow('killed');
  expect(await train.readLandmarks(landmarkKind)).toBeUndefined();
  // The kill came in the middle of a row.
  const part = join(dir, `${landmarkFile}.${landmarkKind}.part`);
  truncateSync(part, 50 * landmarkRowBytes + 7);
  const finder = fakeFinder();
  const seen: number[] = [];
  expect(await findLandmarks(dir, { finder, onProgress: (done) => seen.push(done) })).toMatchObject({ rows: 75, known: 50 });
  expect(finder.rows).toBe(25);
  expect(seen.at(-1)).toBe(75);
  expect(existsSync(part)).toBe(false);
  const test = await opened.split('test');
  for (const [split, start] of [
    [train, 0],
    [test, 70],
  ] as const) {
    const { points, rolls } = await splitLandmarks(split, 'a test');
    expect(rolls).toHaveLength(split.count);
    for (let row = 0; row < split.count; row++) {
      const expected = start + row === 7 ? 0 : rollOf(start + row);
      expect(rolls[row]).toBeCloseTo(expected, 3);
    }
    expect(pointsOfRow(points, 1)[2 * 42]).toBeCloseTo(20 + 10 * Math.cos(rollOf(start + 1)), 2);
  }
  const again = fakeFinder();
  expect(await findLandmarks(dir, { finder: again })).toMatchObject({ known: 75 });
  expect(again.rows).toBe(0);
  await findLandmarks(dir, { finder: again, force: true });
  expect(again.rows).toBe(75);
  expect(await train.readLandmarks('another network')).toBeUndefined();
  await opened.close();
});

it('refuses points of other rows, cut files and images that are not square', async () => {
  const dir = makeStore(temporaryDir());
  await findLandmarks(dir, { finder: fakeFinder() });
  const store = await openStore(dir);
  const split = await store.split('train');
  truncateSync(join(dir, landmarkFile), 100);
  await expect(split.readLandmarks(landmarkKind)).rejects.toThrow(refusal('corrupt-store'));
  writeFileSync(join(dir, 'landmarks.json'), '{"formatVersion":1,"kind":"face-api-68","count":3}');
  await expect(split.readLandmarks(landmarkKind)).rejects.toThrow(refusal('corrupt-store'));
  await store.close();
  const flat = join(temporaryDir(), 'flat');
  const writer = new StoreWriter({
    out: flat,
    name: 'flat',
    form: 'folders',
    file: 'flat',
    image: { layout: 'fixed', channels: 1, height: 2, width: 4 },
    labels: ['a'],
  });
  writer.append({ split: 'train', label: 0, image: new Uint8Array(8) });
  writer.finish();
  await expect(findLandmarks(flat, { finder: fakeFinder() })).rejects.toThrow(refusal('not-square'));
});

it('aligns: eyes lie level, points move with them, rows without eyes stay, and the store says so', async () => {
  const temporary = temporaryDir();
  const dir = makeStore(temporary);
  const out = join(temporary, 'level');
  await expect(alignStore(dir, { out })).rejects.toThrow(refusal('no-landmarks'));
  await findLandmarks(dir, { finder: fakeFinder() });
  const report = await alignStore(dir, { out });
  expect(report).toMatchObject({ turned: 74, left: 1 });
  expect(report.medianDeg).toBeCloseTo((0.2 * 180) / Math.PI, 1);
  const level = await openStore(out);
  expect(level.manifest).toMatchObject({ align: 'eyes-level', count: 75, history: [{ kind: 'align' }] });
  expect(level.isLocked('test')).toBe(true);
  const split = await level.split('train');
  expect(split.isLevel).toBe(true);
  const images = await split.readImages(0, 70);
  const { points, rolls } = await splitLandmarks(split, 'a test');
  expect(rolls.every((roll) => roll === 0)).toBe(true);
  for (let row = 0; row < 70; row++) {
    const image = images.subarray(row * split.imageBytes, (row + 1) * split.imageBytes);
    if (row === 7 || rollOf(row) === 0) {
      expect(image).toEqual(faceImage(row));
      continue;
    }
    expect(eyeRoll(pointsOfRow(points, row), sidePx)).toBeCloseTo(0, 3);
    // The brightest pixels of both halves.
    const peaks = [0, 20].map((left) => {
      const at = [...image.keys()].filter((i) => i % sidePx >= left && i % sidePx < left + 20);
      return at.reduce((best, i) => (image[i]! > image[best]! ? i : best), at[0]!);
    });
    for (const peak of peaks) expect(Math.abs(Math.floor(peak / sidePx) - 19.5)).toBeLessThan(1);
    expect(peaks.map((peak) => Math.abs((peak % sidePx) - 19.5) - 10).every((off) => Math.abs(off) < 1)).toBe(true);
  }
  await level.close();
  await expect(alignStore(out, { out: join(temporary, 'again') })).rejects.toThrow(refusal('already-level'));
  await expect(mergeStores([makeStore(temporary, 'others'), out], { out: join(temporary, 'both') })).rejects.toThrow(refusal('bad-option'));
  await mergeStores([out], { out: join(temporary, 'split') });
  expect((JSON.parse(readFileSync(join(temporary, 'split/manifest.json'), 'utf8')) as { align: string }).align).toBe('eyes-level');
});
