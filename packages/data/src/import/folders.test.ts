import { chmodSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { makeTree, type Picture, samplesOf, temporaryDir, write } from '../../test/fixtures.ts';
import { openStore, type Split } from '../store/store.ts';
import type { FolderOptions } from './folders.ts';
import { importData } from './import-data.ts';

async function importTree(files: Record<string, Picture | string>, options: Partial<FolderOptions> = {}) {
  const dir = await makeTree(files);
  const out = join(dir, '../store');
  try {
    const report = await importData(dir, { out, ...options });
    return { report, store: await openStore(out) };
  } catch (error) {
    expect(readdirSync(join(dir, '..'))).toEqual(['faces']);
    throw error;
  }
}

const pixels = async (split: Split) => Buffer.from(await split.readImages(0, split.count));

describe('importing folders', () => {
  it('takes train, test and validation, classes by any of their usual names, in sorted order', async () => {
    const files = {
      'train/happiness/2.png': {},
      'train/happiness/10.png': {},
      'train/Anger/b.png': {},
      'train/Anger/a.png': {},
      'validation/sad/x.png': {},
      'test/surprised/y.png': {},
      'test/neutral/z.png': {},
    };
    const { store, report } = await importTree(files);
    expect(store.splitNames).toEqual(['train', 'val', 'test']);
    const train = await store.split('train');
    const paths = ['train/Anger/a.png', 'train/Anger/b.png', 'train/happiness/10.png', 'train/happiness/2.png'];
    expect(await train.readPaths()).toEqual(paths);
    expect([...train.labels]).toEqual([0, 0, 3, 3]);
    expect(await pixels(train)).toEqual(Buffer.concat(paths.map((path) => samplesOf(path, {}))));
    expect([...(await store.split('test')).labels]).toEqual([6, 5]);
    expect(report).toMatchObject({ dropped: 0, converted: 0, ignored: [], manifest: { name: 'faces', image: { channels: 1, height: 6, width: 6 } } });
  });

  it('takes any part: test alone, one class, no splits at all', async () => {
    expect((await importTree({ 'test/sad/1.png': {} })).store.splitNames).toEqual(['test']);
    const { store } = await importTree({ 'sad/1.png': {}, 'fearful/deeper/2.png': {} });
    expect(store.splitNames).toEqual(['all']);
    expect([...(await store.split('all')).labels]).toEqual([2, 4]);
  });

  it('passes over hidden files and empty classes, and tells of other files', async () => {
    const dir = await makeTree({
      'train/happy/1.png': {},
      'train/happy/.DS_Store': 'x',
      '.git/config': 'x',
      'train/happy/notes.txt': 'x',
      'readme.md': 'x',
      'train/stray.png': {},
    });
    mkdirSync(join(dir, 'train/disgust'));
    mkdirSync(join(dir, 'val/happy'), { recursive: true });
    const report = await importData(dir, { out: join(dir, '../store') });
    expect(report.manifest.splits.map(({ name, count }) => [name, count])).toEqual([['train', 1]]);
    expect(report.ignored).toEqual(['readme.md', 'train/happy/notes.txt', 'train/stray.png']);
  });

  it('asks for a map where a class is not known, and follows it', async () => {
    const files = { 'train/happy/1.png': {}, 'train/contempt/1.png': {}, 'train/sad/1.png': {}, 'test/other/1.png': {}, 'test/sad/1.png': {} };
    await expect(importTree(files)).rejects.toMatchObject({
      code: 'unknown-class',
      message: expect.stringMatching(/contempt, other.*--map contempt=drop --map other=drop/),
    });
    const { store, report } = await importTree(files, { map: { contempt: 'Neutral', OTHER: 'drop' } });
    expect([...(await store.split('train')).labels]).toEqual([6, 3, 4]);
    const test = await store.split('test');
    expect([test.count, report.dropped]).toEqual([1, 1]);
    expect([...(await test.readProvenance()).row]).toEqual([1]);
    await expect(importTree({ 'happy/1.png': {} }, { map: { happy: 'drop' } })).rejects.toMatchObject({ code: 'empty-tree' });
  });

  it('keeps colour where all images have one size, and makes 48×48 grey of different sizes', async () => {
    const colour = await importTree({ 'happy/1.png': { channels: 3 }, 'sad/2.png': { channels: 1 } });
    expect(colour.report.manifest.image).toEqual({ layout: 'fixed', channels: 3, height: 6, width: 6 });
    const interleaved = samplesOf('happy/1.png', { channels: 3 });
    const planar = [0, 1, 2].flatMap((c) => [...interleaved].filter((_, i) => i % 3 === c));
    const grey = [...samplesOf('sad/2.png', {})];
    expect([...(await pixels(await colour.store.split('all')))]).toEqual([...planar, ...grey, ...grey, ...grey]);
    const mixed = await importTree({ 'happy/1.png': { height: 100, width: 60, value: 90 }, 'sad/2.webp': { height: 48, width: 48, channels: 3, value: 30 } });
    expect(mixed.report).toMatchObject({ converted: 2, manifest: { image: { channels: 1, height: 48, width: 48 } } });
    const values = await pixels(await mixed.store.split('all'));
    expect(values.subarray(0, 2304).every((value) => value === 90)).toBe(true);
    expect(values.subarray(2304).every((value) => Math.abs(value - 30) <= 1)).toBe(true);
  });

  it('brings images to the size asked for, from the largest part of that shape', async () => {
    const { store } = await importTree({ 'happy/1.png': { height: 4, width: 10 } }, { size: [2, 2], channels: 3 });
    expect(store.manifest.image).toEqual({ layout: 'fixed', channels: 3, height: 2, width: 2 });
    await expect(importTree({ 'happy/1.png': {} }, { size: 0 })).rejects.toMatchObject({ code: 'bad-size' });
  });

  it('names the image it cannot read, and leaves no store', async () => {
    const refused = (name: string, contents: string) => expect(importTree({ 'happy/1.png': {}, [`happy/${name}`]: contents })).rejects;
    await refused('text.jpg', 'this is a text').toMatchObject({ code: 'unreadable-image', message: expect.stringContaining('happy/text.jpg') });
    await refused('empty.png', '').toMatchObject({
      code: expect.stringMatching(/unreadable-image|empty-file/),
      message: expect.stringContaining('happy/empty.png'),
    });
    await refused('drawing.png', '<svg xmlns="http://www.w3.org/2000/svg" width="6" height="6"/>').toMatchObject({
      code: 'unreadable-image',
      message: expect.stringContaining('SVG'),
    });
    const png = await sharp(samplesOf('cut', { height: 64, width: 64 }), { raw: { height: 64, width: 64, channels: 1 } })
      .png()
      .toBuffer();
    const dir = await makeTree({ 'happy/1.png': {} });
    write(dir, 'happy/cut.png', png.subarray(0, png.length / 2));
    await expect(importData(dir, { out: join(dir, '../store') })).rejects.toMatchObject({
      code: 'unreadable-image',
      message: expect.stringContaining('happy/cut.png'),
    });
    expect(readdirSync(join(dir, '..'))).toEqual(['faces']);
  });

  it('says what is wrong with a tree', async () => {
    await expect(importTree({ 'train/happy/1.png': {}, 'happy/1.png': {} })).rejects.toMatchObject({
      code: 'bad-tree',
      message: expect.stringContaining('found happy'),
    });
    await expect(importTree({ 'val/happy/1.png': {}, 'Validation/happy/1.png': {} })).rejects.toMatchObject({
      code: 'bad-tree',
      message: expect.stringContaining('Validation and val both'),
    });
    await expect(importTree({ 'archive/train/happy/1.png': {} })).rejects.toMatchObject({
      code: 'bad-tree',
      message: expect.stringMatching(/import .*faces\/archive$/),
    });
    await expect(importTree({})).rejects.toMatchObject({ code: 'empty-tree' });
    await expect(importTree({ 'fer2013.csv': 'emotion,pixels,Usage' })).rejects.toMatchObject({
      code: 'empty-tree',
      message: expect.stringMatching(/give .*fer2013.csv/),
    });
    await expect(importTree({ 'happy/readme.txt': 'no image' })).rejects.toMatchObject({ code: 'empty-tree' });
  });

  it('follows a link to a class folder and ends at a link that leads upwards', async () => {
    const dir = await makeTree({ 'train/happy/1.png': {} });
    const elsewhere = await makeTree({ 'pictures/2.png': {} });
    symlinkSync(join(elsewhere, 'pictures'), join(dir, 'train/sad'));
    symlinkSync(dir, join(dir, 'train/happy/loop'));
    const report = await importData(dir, { out: join(dir, '../store') });
    expect(report.manifest.splits[0]).toMatchObject({ count: 2, perLabel: [0, 0, 0, 1, 1, 0, 0] });
    expect(report.ignored).toEqual(['train/happy/loop']);
  });

  // The superuser may read everything.
  it.skipIf(process.getuid?.() === 0)('names a folder it may not read', async () => {
    const dir = await makeTree({ 'train/happy/1.png': {} });
    chmodSync(join(dir, 'train/happy'), 0);
    await expect(importData(dir, { out: join(dir, '../store') })).rejects.toMatchObject({
      code: 'unreadable-file',
      message: expect.stringContaining('train/happy'),
    });
    chmodSync(join(dir, 'train/happy'), 0o755);
  });
});

describe('importData', () => {
  it('picks the importer by what the path is, and refuses what is neither', async () => {
    const dir = temporaryDir();
    const out = join(dir, 'store');
    await expect(importData(join(dir, 'none.csv'), { out })).rejects.toMatchObject({ code: 'not-found' });
    await expect(importData(write(dir, 'faces.zip', 'PK'), { out })).rejects.toMatchObject({
      code: 'unknown-source',
      message: expect.stringContaining('unpack'),
    });
    await expect(importData(write(dir, 'a.csv', 'x,y\n'), { out })).rejects.toMatchObject({ code: 'bad-csv' });
    await expect(importData(write(dir, 'b.csv', 'x,y\n'), { out, size: 48 })).rejects.toMatchObject({ code: 'bad-option' });
    const tree = await makeTree({ 'happy/1.png': {} });
    await expect(importData(tree, { out, votes: 'fer2013new.csv' })).rejects.toMatchObject({ code: 'bad-option' });
    await importData(tree, { out });
    await expect(importData(out, { out: join(dir, 'second') })).rejects.toMatchObject({
      code: 'unknown-source',
      message: expect.stringContaining('store already'),
    });
  });

  it('tells how far it is, ending at 1', async () => {
    const tree = await makeTree({ 'happy/1.png': {}, 'sad/1.png': {} });
    const fractions: number[] = [];
    await importData(tree, { out: join(tree, '../store'), onProgress: ({ fraction }) => fractions.push(fraction) });
    expect(fractions.at(-1)).toBe(1);
  });
});
