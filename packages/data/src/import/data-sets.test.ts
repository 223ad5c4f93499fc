import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { makeTree, type Picture, samplesOf, temporaryDir, write } from '../../test/fixtures.ts';
import { openStore, type Store } from '../store/store.ts';
import { type ImportDataOptions, importData } from './import-data.ts';
import { readNpyScalar } from './npy.ts';

type Files = Record<string, Picture | string | Uint8Array>;

async function importTree(files: Files, options: Partial<ImportDataOptions> = {}, inside = '') {
  const dir = await makeTree(files);
  const out = join(dir, '../store');
  try {
    const report = await importData(join(dir, inside), { out, ...options });
    return { report, store: await openStore(out), dir };
  } catch (error) {
    expect(readdirSync(join(dir, '..'))).toEqual(['faces']);
    throw error;
  }
}

/** Every row as `split path label`, with its subject where it has one. */
async function rowsOf(store: Store): Promise<string[]> {
  const rows: string[] = [];
  for (const name of store.splitNames) {
    const split = await store.split(name);
    const paths = await split.readPaths();
    const subjects = await split.readSubjects();
    for (let i = 0; i < split.count; i++) {
      const subject = subjects?.subject[i] ? ` ${subjects.names[subjects.subject[i]! - 1]}` : '';
      rows.push(`${name} ${paths?.[i]} ${store.manifest.labels[split.labels[i]!]}${subject}`);
    }
  }
  return rows;
}

describe('RAF-DB', () => {
  const list = 'train_00001.jpg 5\ntrain_00002.jpg 1\r\ntest_0001.jpg 7\n';
  const images: Files = { 'Image/aligned/train_00001_aligned.jpg': {}, 'Image/aligned/train_00002_aligned.jpg': {}, 'Image/aligned/test_0001_aligned.jpg': {} };

  it('comes by its list and its folder of aligned faces, under `basic` too; the test split is locked', async () => {
    const expected = [
      'train Image/aligned/train_00001_aligned.jpg sad',
      'train Image/aligned/train_00002_aligned.jpg surprise',
      'test Image/aligned/test_0001_aligned.jpg neutral',
    ];
    const { store, report } = await importTree({ ...images, 'EmoLabel/list_patition_label.txt': list, 'Image/aligned/train_00009_aligned.jpg': {} });
    expect(await rowsOf(store)).toEqual(expected);
    expect([store.isLocked('train'), store.isLocked('test')]).toEqual([false, true]);
    expect(report).toMatchObject({ manifest: { sources: [{ form: 'raf-db' }, {}] }, ignored: ['Image/aligned/train_00009_aligned.jpg (not in the list)'] });
    const basic = Object.fromEntries(Object.entries({ ...images, 'EmoLabel/list_patition_label.txt': list }).map(([path, what]) => [`basic/${path}`, what]));
    expect(await rowsOf((await importTree(basic)).store)).toEqual(expected.map((row) => row.replace(' ', ' basic/')));
  });

  it('names the line of the list that cannot be', async () => {
    const refused = (text: string) => expect(importTree({ ...images, 'list_patition_label.txt': text })).rejects;
    await refused('train_00001.jpg 8\n').toThrow(/line 1: expected a number from 1 to 7, came 8/);
    await refused('train_00001.jpg 1\ntrain_00003.jpg 1\n').toThrow(/line 2: there is no image train_00003.jpg/);
    await refused('../../etc/passwd 1\n').toThrow(/line 1: expected an image and its number/);
    await refused('train_00001.jpg 1\ntrain_00001.jpg 2\n').toThrow(/line 2: there is no image/);
    await refused('\n').toMatchObject({ code: 'bad-list' });
  });

  it('comes as numbered folders, known by the names of the images, or when told', async () => {
    const { store } = await importTree({ 'train/1/train_00002_aligned.jpg': {}, 'test/7/test_0001_aligned.jpg': {} });
    expect(await rowsOf(store)).toEqual(['train train/1/train_00002_aligned.jpg surprise', 'test test/7/test_0001_aligned.jpg neutral']);
    await expect(importTree({ 'train/1/a.png': {} })).rejects.toMatchObject({ code: 'unknown-class', message: expect.stringContaining('--form raf-db') });
    expect(await rowsOf((await importTree({ 'train/1/a.png': {} }, { form: 'raf-db' })).store)).toEqual(['train train/1/a.png surprise']);
    expect(await rowsOf((await importTree({ 'train/1/a.png': {} }, { map: { 1: 'fear' } })).store)).toEqual(['train train/1/a.png fear']);
  });
});

describe('CK+', () => {
  it('in class folders brings its subjects along', async () => {
    const { store } = await importTree({ 'anger/S010_004_00000017.png': {}, 'happy/S010_006_00000015.png': {}, 'surprise/S999_001_00000018.png': {} });
    expect(await rowsOf(store)).toEqual([
      'all anger/S010_004_00000017.png angry S010',
      'all happy/S010_006_00000015.png happy S010',
      'all surprise/S999_001_00000018.png surprise S999',
    ]);
  });

  it('as its authors hand it out gives the last three frames of every labelled sequence', async () => {
    const frames = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`cohn-kanade-images/S005/001/S005_001_0000000${n}.png`, {}]));
    const files: Files = {
      ...frames,
      'cohn-kanade-images/S005/002/S005_002_00000001.png': {},
      'Emotion/S005/001/S005_001_00000005_emotion.txt': '   3.0000000e+00\n',
    };
    const { store } = await importTree(files);
    expect(await rowsOf(store)).toEqual([3, 4, 5].map((n) => `all cohn-kanade-images/S005/001/S005_001_0000000${n}.png disgust S005`));
    const contempt = { ...files, 'Emotion/S005/001/S005_001_00000005_emotion.txt': '2' };
    await expect(importTree(contempt)).rejects.toMatchObject({ code: 'unknown-class', message: expect.stringContaining('--map contempt=drop') });
    const labels = ['angry', 'contempt', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
    expect((await importTree(contempt, { labels })).store.manifest.splits[0]?.perLabel[1]).toBe(3);
  });
});

/** A .npy file as NumPy writes it. */
function npy(descr: string, value: Uint8Array, shape = '()'): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n';
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([header.length, 0]), Buffer.from(header, 'latin1'), value]);
}

describe('AffectNet', () => {
  const text = (number: string) => npy(`<U${number.length}`, Buffer.concat([...number].map((digit) => Buffer.from([digit.charCodeAt(0), 0, 0, 0]))));

  it('comes by annotation files; numbers that are no expression are dropped', async () => {
    const files: Files = {
      'train_set/images/0.jpg': {},
      'train_set/annotations/0_exp.npy': text('1'),
      'train_set/annotations/0_val.npy': npy('<f8', new Uint8Array(8)),
      'train_set/images/1.jpg': {},
      'train_set/annotations/1_exp.npy': text('10'),
      'train_set/images/2.jpg': {},
      'val_set/images/7.jpg': {},
      'val_set/annotations/7_exp.npy': npy('<i8', Uint8Array.from([6, 0, 0, 0, 0, 0, 0, 0])),
    };
    const { store, report } = await importTree(files);
    expect(await rowsOf(store)).toEqual(['train train_set/images/0.jpg happy', 'val val_set/images/7.jpg angry']);
    expect(report).toMatchObject({ dropped: 1, ignored: ['train_set/images/2.jpg (no annotation)'] });
    await expect(importTree({ ...files, 'val_set/annotations/7_exp.npy': text('7') })).rejects.toThrow(/contempt=drop/);
    await expect(importTree({ ...files, 'val_set/annotations/7_exp.npy': 'x' })).rejects.toMatchObject({ code: 'bad-npy' });
  });

  it('comes by its csv, faces cut by their boxes', async () => {
    const header = 'subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal';
    const files: Files = {
      'Manually_Annotated_Images/1/a.png': { height: 20, width: 30, value: 200 },
      'Manually_Annotated_Images/1/b.png': { height: 20, width: 20, value: 100 },
      'lists/training.csv': `${header}\n1/a.png,5,2,12,12,1;2,2,0.1,0.2\n1/b.png,0,0,20,20,1;2,0,0,0\n1/c.png,0,0,0,0,,9,-2,-2\n`,
    };
    const { store, report } = await importTree(files, {}, 'lists/training.csv');
    expect(await rowsOf(store)).toEqual(['train 1/a.png sad', 'train 1/b.png neutral']);
    expect(report).toMatchObject({ dropped: 1, manifest: { name: 'affectnet', image: { height: 48, width: 48, channels: 1 } } });
    expect([...(await (await store.split('train')).readSizes())!]).toEqual([12, 12, 20, 20]);
    const out = (line: string) => importTree({ ...files, 'lists/training.csv': `${header}\n${line}\n` }, {}, 'lists/training.csv');
    await expect(out('../../secret.png,0,0,9,9,,1,0,0')).rejects.toThrow(/line 2: .*leads out/);
    await expect(out('1/a.png,0,0,x,9,,1,0,0')).rejects.toThrow(/line 2: expected the face's box/);
    await expect(out('1/a.png,0,0,9,9,,11,0,0')).rejects.toThrow(/line 2: expected an expression from 0 to 10/);
    await expect(out('1/a.png,0,0,9,9,,1,0,0\n1/a.png,0,0,9,9,,2,0,0')).rejects.toMatchObject({ code: 'same-file' });
  });

  it('npy files: numbers and texts of any kind NumPy writes, and nothing else', () => {
    const values: [string, Uint8Array][] = [
      ['|u1', Uint8Array.of(3)],
      ['<i4', Uint8Array.of(3, 0, 0, 0)],
      ['<f4', new Uint8Array(Float32Array.of(3).buffer)],
      ['<f8', new Uint8Array(Float64Array.of(3).buffer)],
      ['|S2', Uint8Array.of(51, 0)],
    ];
    for (const [descr, value] of values) expect(readNpyScalar(npy(descr, value), 'x'), descr).toBe('3');
    expect(readNpyScalar(npy('|u1', Uint8Array.of(3), '(1,)'), 'x')).toBe('3');
    for (const bad of [
      npy('|u1', Uint8Array.of(1, 2), '(2,)'),
      npy('>i4', new Uint8Array(4)),
      npy('<i8', new Uint8Array(3)),
      npy('|O', new Uint8Array(8)),
      new Uint8Array(4),
    ]) {
      expect(() => readNpyScalar(bad, 'x')).toThrow(/^x: expected a \.npy file/);
    }
  });
});

describe('Parquet', () => {
  const png = (path: string, picture: Picture = {}) => {
    const { height = 6, width = 6, channels = 1 } = picture;
    return sharp(samplesOf(path, picture), { raw: { height, width, channels } })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png()
      .toBuffer();
  };
  /** A file as hubs serve it. */
  async function parquet(path: string, rows: { image: Uint8Array; label: number | string }[], names?: string[]) {
    const words = typeof rows[0]?.label === 'string';
    const writer = new ParquetWriter({
      writer: fileWriter(path),
      schema: [
        { name: 'root', num_children: 2 },
        { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        words
          ? { name: 'label', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }
          : { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
      ],
      kvMetadata: names ? [{ key: 'huggingface', value: JSON.stringify({ info: { features: { label: { names } } } }) }] : [],
    });
    const label = rows.map((row) => (typeof row.label === 'string' ? row.label : BigInt(row.label)));
    await writer.write({
      columnData: [
        { name: 'image', data: rows.map(({ image }, i) => ({ bytes: new Uint8Array(image), path: `${i}.png` })) },
        { name: 'label', data: label },
      ],
    });
    await writer.finish();
  }

  it('comes as one file or a folder of them, splits by name, labels by the names in the metadata', async () => {
    const dir = join(temporaryDir(), 'faces');
    mkdirSync(join(dir, 'data'), { recursive: true });
    await parquet(join(dir, 'data/train-00000-of-00002.parquet'), [{ image: await png('a'), label: 1 }], ['happiness', 'anger']);
    await parquet(join(dir, 'data/train-00001-of-00002.parquet'), [{ image: await png('b'), label: 0 }], ['happiness', 'anger']);
    await parquet(join(dir, 'data/test-00000-of-00001.parquet'), [{ image: await png('c'), label: 0 }], ['happiness', 'anger']);
    await importData(dir, { out: join(dir, '../store') });
    const store = await openStore(join(dir, '../store'));
    expect(await rowsOf(store)).toEqual(['train 0.png angry', 'train 0.png happy', 'test 0.png happy']);
    const train = await store.split('train');
    expect(Buffer.from(await train.readImages(0, 2))).toEqual(Buffer.concat([samplesOf('a', {}), samplesOf('b', {})]));
    expect([...(await train.readProvenance()).row]).toEqual([0, 1]);
    await importData(join(dir, 'data/test-00000-of-00001.parquet'), { out: join(dir, '../one') });
    expect((await openStore(join(dir, '../one'))).splitNames).toEqual(['test']);
  });

  it('asks what numbers without names mean, takes names as they are, refuses what is no image or no Parquet', async () => {
    const dir = temporaryDir();
    const file = join(dir, 'x.parquet');
    await parquet(file, [
      { image: await png('a', { height: 9, width: 5, channels: 3 }), label: 0 },
      { image: await png('b'), label: 4 },
    ]);
    await expect(importData(file, { out: join(dir, 's') })).rejects.toMatchObject({
      code: 'unknown-class',
      message: expect.stringContaining('--map 0=drop --map 4=drop'),
    });
    const report = await importData(file, { out: join(dir, 's'), map: { 0: 'fear', 4: 'drop' } });
    expect(report).toMatchObject({ dropped: 1, manifest: { splits: [{ name: 'all', count: 1 }], image: { channels: 3, height: 9, width: 5 } } });
    rmSync(file);
    await parquet(file, [{ image: await png('a'), label: 'Happy' }]);
    await importData(file, { out: join(dir, 't') });
    expect(await rowsOf(await openStore(join(dir, 't')))).toEqual(['all 0.png happy']);
    rmSync(file);
    await parquet(file, [{ image: Buffer.from('no image'), label: 'happy' }]);
    await expect(importData(file, { out: join(dir, 'u') })).rejects.toMatchObject({
      code: 'unreadable-image',
      message: expect.stringContaining('x.parquet, row 1'),
    });
    await expect(importData(write(dir, 'y.parquet', 'PAR1 and nothing else'), { out: join(dir, 'u') })).rejects.toMatchObject({ code: 'bad-parquet' });
  });
});

describe('any folder', () => {
  it('finds people by a pattern, and says when it finds none', async () => {
    const files = { 'happy/anna-1.png': {}, 'sad/anna-2.png': {}, 'sad/bert-1.png': {} };
    expect(await rowsOf((await importTree(files, { subjects: /^(\w+)-/ })).store)).toEqual([
      'all happy/anna-1.png happy anna',
      'all sad/anna-2.png sad anna',
      'all sad/bert-1.png sad bert',
    ]);
    await expect(importTree(files, { subjects: /^(S\d+)_/ })).rejects.toMatchObject({ code: 'bad-subjects' });
  });

  it('takes labels of one’s own', async () => {
    const { store } = await importTree({ 'Awake/1.png': {}, 'asleep/2.png': {} }, { labels: ['asleep', 'awake'] });
    expect([...(await store.split('all')).labels]).toEqual([1, 0]);
    await expect(importTree({ 'awake/1.png': {}, 'other/2.png': {} }, { labels: ['awake'] })).rejects.toThrow(/no label is called other/);
    await expect(importTree({ 'awake/1.png': {} }, { labels: ['a', 'A'] })).rejects.toMatchObject({ code: 'bad-labels' });
  });

  it('passes over broken images when asked to, naming them; rows keep their numbers', async () => {
    const files = { 'happy/1.png': {}, 'happy/2.png': 'not an image', 'happy/3.png': {} };
    await expect(importTree(files)).rejects.toMatchObject({ code: 'unreadable-image' });
    const { store, report } = await importTree(files, { skipBroken: true });
    expect(report.ignored).toEqual(['happy/2.png (cannot be read)']);
    expect([...(await (await store.split('all')).readProvenance()).row]).toEqual([0, 2]);
    await expect(importTree({ 'happy/2.png': 'none' }, { skipBroken: true })).rejects.toMatchObject({ code: 'empty-tree' });
  });

  it('takes an image by what it is, not by its name, and refuses one that would unpack to a monster', async () => {
    const jpeg = await sharp(samplesOf('x', {}), { raw: { height: 6, width: 6, channels: 1 } })
      .jpeg()
      .toBuffer();
    expect((await importTree({ 'happy/really-a-jpeg.png': jpeg })).store.manifest.count).toBe(1);
    const bomb = await sharp({ create: { width: 12_000, height: 12_000, channels: 3, background: '#000' }, limitInputPixels: false })
      .png({ compressionLevel: 9 })
      .toBuffer();
    expect(bomb.length).toBeLessThan(600_000);
    await expect(importTree({ 'happy/bomb.png': bomb })).rejects.toMatchObject({ code: 'image-too-large', message: expect.stringContaining('12000×12000') });
  });

  it('refuses options that the source has no use for', async () => {
    await expect(importTree({ 'happy/1.png': {} }, { images: 'x' })).rejects.toMatchObject({
      code: 'bad-option',
      message: expect.stringContaining('--images'),
    });
    await expect(importTree({ 'happy/1.png': {} }, { form: 'ck-plus' })).rejects.toMatchObject({ code: 'bad-option' });
  });
});
