import { readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeTar, writeZip } from '../../test/archives.ts';
import { shadePicture, temporaryFolder } from '../../test/pictures.ts';
import { listItems } from '../sources/list-items.ts';
import type { Item } from './item.ts';
import { openPictures, type Picture } from './open-pictures.ts';

const folder = temporaryFolder('open');

async function open(items: readonly Item[], ahead = 0, begun: number[] = []): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for await (const picture of openPictures(items, { ahead, mapPath: (path) => path, onBegin: (i) => begun.push(i) })) pictures.push(picture);
  return pictures;
}

async function list(source: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of listItems([source], { framesPerSecond: 1, unpackTo: (n) => join(folder, `${n}.tar`) })) items.push(item);
  return items;
}

/** The shade of each picture, or the code of its error. */
const seen = (pictures: readonly Picture[]): (number | string)[] => pictures.map((p) => ('error' in p ? p.error.code : p.image.data[0]!));

const entries = [0, 50, 100, 150].map((shade) => ({ name: `${shade}.png`, bytes: shadePicture(shade) }));

it.each([0, 3])('pictures come in order, %i ahead, and errors in their places', async (ahead) => {
  const items: Item[] = [10, 20, 30, 40, 50].map((shade) => {
    const file = join(folder, `${shade}.png`);
    writeFileSync(file, shadePicture(shade));
    return { file };
  });
  writeFileSync(join(folder, 'damaged.png'), 'no picture');
  items.splice(2, 0, { file: join(folder, 'damaged.png') }, { file: join(folder, 'missing.png') }, { bad: 'x', code: 'encrypted', message: 'm' });
  const begun: number[] = [];
  const pictures = await open(items, ahead, begun);
  expect(seen(pictures)).toEqual([10, 20, 'unreadable-image', 'not-found', 'encrypted', 30, 40, 50]);
  expect(pictures.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

it.each([
  ['stored zip', () => writeZip(join(folder, 's.zip'), entries)],
  [
    'deflated zip',
    () =>
      writeZip(
        join(folder, 'd.zip'),
        entries.map((e) => ({ ...e, method: 'deflated' })),
      ),
  ],
  ['tar', () => writeTar(join(folder, 'a.tar'), entries)],
  ['compressed tar', () => writeTar(join(folder, 'a.tar.gz'), entries)],
])('pictures are read out of a %s without unpacking it', async (_, write) => {
  expect(seen(await open(await list(write()), 2))).toEqual([0, 50, 100, 150]);
});

it.each([0, 1, 3])('one archive after another, %i pictures ahead; each is closed once it has been left', async (ahead) => {
  const items: Item[] = [];
  for (const shade of [10, 60, 90, 130]) {
    const two = [0, 1].map((more) => ({ name: `${more}.png`, bytes: shadePicture(shade + more) }));
    items.push(...(await list(writeTar(join(folder, `${ahead}-${shade}.tar`), two))));
  }
  const descriptors = (): number => readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith(join(folder, `${ahead}-`))).length;
  const shades: number[] = [];
  let most = 0;
  for await (const picture of openPictures(items, { ahead, mapPath: (path) => path })) {
    shades.push(...(seen([picture]) as number[]));
    if (process.platform === 'linux') most = Math.max(most, descriptors());
  }
  expect(shades).toEqual([10, 11, 60, 61, 90, 91, 130, 131]);
  expect(most).toBeLessThanOrEqual(ahead + 1);
  if (process.platform === 'linux') expect(descriptors()).toBe(0);
});

function linkOf(descriptor: string): string {
  try {
    return readlinkSync(join('/proc/self/fd', descriptor));
  } catch {
    return '';
  }
}

it('an entry that swells beyond what it claims, or has another checksum, is an error of its own', async () => {
  const bytes = shadePicture(7);
  const zip = writeZip(join(folder, 'liar.zip'), [
    { name: 'bomb.png', bytes: Buffer.alloc(1 << 20), method: 'deflated', claimedSize: 100 },
    { name: 'short.png', bytes, method: 'deflated', claimedSize: bytes.length + 1 },
    { name: 'flipped.png', bytes, claimedCrc: 1 },
    { name: 'good.png', bytes },
  ]);
  const pictures = await open(await list(zip));
  expect(seen(pictures)).toEqual(['unreadable-image', 'unreadable-image', 'unreadable-image', 7]);
  expect(pictures.map((p) => 'error' in p && p.error.message.slice(zip.length))).toMatchObject([
    expect.stringContaining('bomb.png: cannot be unpacked'),
    expect.stringContaining(`short.png: cannot be unpacked (${bytes.length} bytes instead of ${bytes.length + 1})`),
    expect.stringContaining('checksum'),
    false,
  ]);
});

it('an archive that has shrunk or gone since it was listed', async () => {
  const tar = writeTar(join(folder, 'shrunk.tar'), entries);
  const items = await list(tar);
  writeFileSync(tar, readFileSync(tar).subarray(0, 600));
  expect(seen(await open(items))).toEqual(Array(4).fill('unreadable-image'));
  expect(seen(await open([{ archive: join(folder, 'gone.tar'), entry: 'a', at: 0, size: 1 }]))).toEqual(['not-found']);
});

it('a path that no disk could hold is an error of that picture, not of the machine', async () => {
  const good = join(folder, 'good.png');
  writeFileSync(good, shadePicture(9));
  symlinkSync(join(folder, 'circle.png'), join(folder, 'circle.png'));
  const bad = [`${folder}/null\0byte.png`, join(folder, `${'long'.repeat(100)}.png`), join(folder, 'circle.png'), join(folder, '../../../../nowhere.png')];
  const pictures = await open([...bad, good].map((file) => ({ file })));
  expect(seen(pictures)).toEqual(['unreadable-file', 'unreadable-file', 'unreadable-file', 'not-found', 9]);
});
