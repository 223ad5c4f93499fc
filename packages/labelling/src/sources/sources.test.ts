import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeTar, writeZip } from '../../test/archives.ts';
import { temporaryFolder } from '../../test/pictures.ts';
import { type Item, nameOf } from '../items/item.ts';
import { kindOfFile } from './file-kinds.ts';
import { listItems } from './list-items.ts';

const folder = temporaryFolder('sources');
const bytes = (text: string): Buffer => Buffer.from(text);

function file(path: string, content: string | Uint8Array = 'x'): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, content);
  return whole;
}

async function list(...sources: string[]): Promise<{ items: Item[]; skipped: number; notices: string[] }> {
  const items: Item[] = [];
  const notices: string[] = [];
  let skipped = 0;
  const options = {
    framesPerSecond: 1,
    unpackTo: (n: number) => join(folder, `unpacked-${n}.tar`),
    onSkipped: () => skipped++,
    onNotice: (m: string) => notices.push(m),
  };
  for await (const item of listItems(sources, options)) items.push(item);
  return { items, skipped, notices };
}

const names = (items: readonly Item[]): string[] => items.map((item) => nameOf(item).entry ?? nameOf(item).source.slice(folder.length + 1));

describe('kinds of files', () => {
  it.each([
    ['a.JPG', 'picture'],
    ['a.jpeg', 'picture'],
    ['a.tar.gz', 'compressed-tar'],
    ['a.tgz', 'compressed-tar'],
    ['a.gz', 'other'],
    ['a.zip', 'zip'],
    ['a.mp4', 'video'],
    ['a.txt', 'list'],
    ['jpg', 'other'],
  ])('%s is %s', (name, kind) => expect(kindOfFile(name)).toBe(kind));
});

describe('folders', () => {
  it('are walked in order, with hidden files, other files and linked folders left out', async () => {
    for (const path of [
      'walk/b.jpg',
      'walk/a.png',
      'walk/readme.md',
      'walk/.hidden.jpg',
      'walk/z/1.jpg',
      'walk/c/2.webp',
      'walk/.git/x.jpg',
      'walk/list.txt',
      'walk/with\nnewline.jpg',
    ])
      file(path);
    symlinkSync(join(folder, 'walk'), join(folder, 'walk/c/circle'));
    symlinkSync(join(folder, 'walk/a.png'), join(folder, 'walk/linked.png'));
    symlinkSync(join(folder, 'nowhere.png'), join(folder, 'walk/dangling.png'));
    const { items, skipped } = await list(join(folder, 'walk'));
    expect(names(items)).toEqual(['walk/a.png', 'walk/b.jpg', 'walk/linked.png', 'walk/with\nnewline.jpg', 'walk/c/2.webp', 'walk/z/1.jpg']);
    expect(skipped).toBe(2);
  });
});

describe('lists', () => {
  it('name one path a line, relative to themselves; what a list names is taken whatever it is called', async () => {
    const path = file('lists/list.txt', '\uFEFFa.jpg\r\n\r\n  ../lists/b.dat \n/elsewhere/c.jpg');
    const { items } = await list(path);
    expect(items).toEqual([{ file: join(folder, 'lists/a.jpg') }, { file: join(folder, 'lists/b.dat') }, { file: '/elsewhere/c.jpg' }]);
  });
});

describe('zip archives', () => {
  it('give a byte range for every picture', async () => {
    const zip = writeZip(join(folder, 'good.zip'), [
      { name: 'a.png', bytes: bytes('stored') },
      { name: 'notes.txt', bytes: bytes('no picture') },
      { name: '__MACOSX/._a.png', bytes: bytes('junk') },
      { name: 'in/b.jpg', bytes: bytes('deflated '.repeat(20)), method: 'deflated' },
    ]);
    const { items, skipped } = await list(zip);
    expect(items).toMatchObject([
      { archive: zip, entry: 'a.png', size: 6 },
      { archive: zip, entry: 'in/b.jpg', size: 180, deflated: expect.any(Number) },
    ]);
    expect(skipped).toBe(2);
  });

  it('set encrypted, strangely packed and enormous entries aside, each with its reason', async () => {
    const zip = writeZip(join(folder, 'odd.zip'), [
      { name: 'secret.png', bytes: bytes('x'), encrypted: true },
      { name: 'packed.png', bytes: bytes('x'), method: 14 },
      { name: 'bomb.png', bytes: bytes('x'), method: 'deflated', claimedSize: 0xf0000000 },
      { name: 'good.png', bytes: bytes('x') },
    ]);
    const { items } = await list(zip);
    expect(items).toMatchObject([
      { code: 'encrypted' },
      { code: 'unreadable-image', message: expect.stringContaining('method 14') },
      { code: 'image-too-large' },
      { entry: 'good.png' },
    ]);
  });

  it.each([
    ['../../etc/cron.d/x.png', 'unsafe-archive'],
    ['/etc/x.png', 'unsafe-archive'],
    ['C:/x.png', 'unsafe-archive'],
    ['a/../../x.txt', 'unsafe-archive'],
    ['a\0.png', 'unsafe-archive'],
  ])('with an entry %j are refused', async (name, code) => {
    const zip = writeZip(join(folder, 'unsafe.zip'), [{ name, bytes: bytes('x') }]);
    await expect(list(zip)).rejects.toMatchObject({ name: 'UserError', code });
  });

  it('that are none are refused', async () => {
    await expect(list(file('text.zip', 'Dear archive,'))).rejects.toMatchObject({ code: 'bad-archive', message: expect.stringContaining('text.zip') });
  });
});

describe('tar archives', () => {
  const long = `${'long/'.repeat(40)}name.png`;

  it('give a byte range for every picture, long names included; links are left out', async () => {
    const tar = writeTar(join(folder, 'good.tar'), [
      { name: 'a.png', bytes: bytes('first') },
      { name: 'dir/', bytes: bytes(''), type: 'Directory' },
      { name: 'link.png', bytes: bytes(''), type: 'SymbolicLink' },
      { name: long, bytes: bytes('second') },
      { name: 'b.md', bytes: bytes('no picture') },
    ]);
    const { items, skipped } = await list(tar);
    expect(items).toEqual([
      { archive: tar, entry: 'a.png', at: 512, size: 5 },
      { archive: tar, entry: long, at: expect.any(Number), size: 6 },
    ]);
    expect(skipped).toBe(1);
  });

  it('compressed ones are unpacked beside, and point there', async () => {
    const tar = writeTar(join(folder, 'good.tar.gz'), [{ name: 'a.png', bytes: bytes('first') }]);
    const { items } = await list(tar);
    expect(items).toEqual([{ archive: tar, entry: 'a.png', from: join(folder, 'unpacked-0.tar'), at: 512, size: 5 }]);
  });

  it.each([
    ['with an entry that leaves it', () => writeTar(join(folder, 'unsafe.tar'), [{ name: '../x.png', bytes: bytes('x') }]), 'unsafe-archive'],
    ['cut off in a picture', () => file('cut.tar', writeCut()), 'bad-archive'],
    ['that are text', () => file('text.tar', 'Dear archive,'.repeat(100)), 'bad-archive'],
    ['that are empty', () => file('empty.tar', ''), 'bad-archive'],
    ['with numbers that are none', () => file('garbage.tar', Buffer.alloc(2048, 0xc1)), 'bad-archive'],
    ['that are folders', () => file('folder.txt', dirname(file('folder.tar/x.jpg'))), 'bad-archive'],
    ['that are folders, compressed', () => file('folder.txt', dirname(file('folder.tgz/x.jpg'))), 'bad-archive'],
    ['compressed, that are not', () => file('text.tar.gz', 'Dear archive,'), 'bad-archive'],
  ])('%s are refused', async (_, make, code) => {
    await expect(list(make())).rejects.toMatchObject({ name: 'UserError', code });
  });

  it.each(['tar', 'tgz', 'tar.gz'])('a missing .%s that a list names is told by its own name', async (ending) => {
    const missing = join(folder, `missing.${ending}`);
    await expect(list(file('missing.txt', missing))).rejects.toMatchObject({ name: 'UserError', code: 'not-found', message: expect.stringContaining(missing) });
  });

  function writeCut(): Uint8Array {
    const header = writeTar(join(folder, 'whole.tar'), [{ name: 'a.png', bytes: Buffer.alloc(2000) }], { end: false });
    return Uint8Array.from(readFileSync(header).subarray(0, 1500));
  }
});

describe('what cannot be a source', () => {
  it.each([
    ['missing.jpg', 'not-found'],
    ['walk/readme.md', 'unknown-source'],
  ])('%s: %s', async (path, code) => {
    await expect(list(join(folder, path))).rejects.toMatchObject({ name: 'UserError', code });
  });

  it('a damaged video among good pictures becomes an item that says so', async () => {
    const { items } = await list(file('video.mp4', 'no video'));
    expect(items).toMatchObject([{ bad: join(folder, 'video.mp4'), code: 'unreadable-video' }]);
  });
});
