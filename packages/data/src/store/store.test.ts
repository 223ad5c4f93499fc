import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDir, write } from '../../test/fixtures.ts';
import { randomFor, shuffledIndices } from '../random.ts';
import { storeFormatVersion } from './manifest.ts';
import { openStore } from './store.ts';
import { StoreWriter, type StoreWriterOptions } from './writer.ts';

const options = (out: string, more: Partial<StoreWriterOptions> = {}): StoreWriterOptions => ({
  out,
  name: 'made-up',
  form: 'test',
  file: 'none',
  image: { layout: 'fixed', channels: 1, height: 2, width: 3 },
  labels: ['angry', 'happy'],
  ...more,
});
const image = (value: number) => Uint8Array.from({ length: 6 }, (_, i) => (value + i) % 256);

function fill(writer: StoreWriter, rows: number, splits = ['test', 'train']): void {
  for (let i = 0; i < rows; i++) writer.append({ split: splits[i % splits.length]!, label: i % 2, image: image(i), votes: undefined });
}

/** A finished store of `rows` rows, interleaved in two splits. */
function makeStore(out: string, rows = 10): string {
  const writer = new StoreWriter(options(out));
  fill(writer, rows);
  writer.finish();
  return out;
}

describe('a store', () => {
  it('gives back what was written, interleaved splits each in one piece', async () => {
    const out = join(temporaryDir(), 'deep/store');
    const writer = new StoreWriter(options(out, { votes: ['a', 'b'], paths: true }));
    for (let i = 0; i < 11; i++) {
      writer.append({
        split: i % 3 === 0 ? 'train' : 'test',
        label: i % 2,
        image: image(i),
        votes: Uint8Array.of(i, 2 * i),
        path: `ü "${i}"\n.png`,
        ...(i === 10 && { row: 99 }),
      });
    }
    expect(existsSync(out)).toBe(false);
    writer.finish();
    const store = await openStore(out);
    expect(store.splitNames).toEqual(['train', 'test']);
    const train = await store.split('train');
    expect([train.count, [...train.labels], train.perLabel]).toEqual([4, [0, 1, 0, 1], [2, 2]]);
    expect(await train.readImages(1, 2)).toEqual(Uint8Array.from([...image(3), ...image(6)]));
    expect(await train.gatherImages([3, 0, 0, 1, 2])).toEqual(Uint8Array.from([9, 0, 0, 3, 6].flatMap((i) => [...image(i)])));
    expect(await train.readVotes()).toEqual(Uint8Array.of(0, 0, 3, 6, 6, 12, 9, 18));
    const test = await store.split('test');
    expect(await test.readPaths()).toEqual([1, 2, 4, 5, 7, 8, 10].map((i) => `ü "${i}"\n.png`));
    const { source, row } = await test.readProvenance();
    expect([...source].map((index) => store.manifest.sources[index]?.split)).toEqual(new Array(7).fill('test'));
    expect([...row]).toEqual([0, 1, 2, 3, 4, 5, 99]);
    await store.close();
  });

  it('reads into memory that threads share', async () => {
    const split = await (await openStore(makeStore(join(temporaryDir(), 's')))).split('train');
    const shared = new Uint8Array(new SharedArrayBuffer(split.count * split.imageBytes));
    expect(Buffer.from(await split.readImages(0, split.count, shared))).toEqual(Buffer.from(await split.readImages(0, split.count)));
  });

  it('refuses rows beyond the split and memory too small', async () => {
    const split = await (await openStore(makeStore(join(temporaryDir(), 's')))).split('test');
    await expect(split.readImages(4, 2)).rejects.toThrow('rows 4…5 are not within 0…4');
    await expect(split.gatherImages([0, 5])).rejects.toThrow(RangeError);
    await expect(split.gatherImages([0, 1], new Uint8Array(11))).rejects.toThrow(RangeError);
    expect(await split.readImages(5, 0)).toHaveLength(0);
  });

  it('of a million images opens at once and reads at random', async () => {
    const out = join(temporaryDir(), 's');
    const rows = 1_000_000;
    const writer = new StoreWriter(options(out, { image: { layout: 'fixed', channels: 1, height: 1, width: 4 } }));
    const sample = new Uint8Array(4);
    for (let i = 0; i < rows; i++) {
      sample[0] = i;
      sample[1] = i >> 8;
      sample[2] = i >> 16;
      writer.append({ split: 'train', label: i & 1, image: sample });
    }
    writer.finish();
    const split = await (await openStore(out)).split('train');
    const chosen = shuffledIndices(rows, randomFor(1)).subarray(0, 1000);
    const images = await split.gatherImages(chosen);
    const read = Array.from(chosen, (_, i) => images[4 * i]! + (images[4 * i + 1]! << 8) + (images[4 * i + 2]! << 16));
    expect(read).toEqual([...chosen]);
  });

  it('names what is wrong with a directory that is no good store', async () => {
    const dir = temporaryDir();
    await expect(openStore(join(dir, 'none'))).rejects.toMatchObject({ name: 'UserError', code: 'not-a-store' });
    // biome-ignore lint/suspicious/noExplicitAny: the test breaks the manifest in ways its type forbids.
    const edit = async (change: (manifest: any, out: string) => void) => {
      const out = makeStore(join(temporaryDir(), 's'));
      const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
      change(manifest, out);
      writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest));
      return openStore(out);
    };
    await expect(edit((m) => (m.formatVersion = storeFormatVersion + 1))).rejects.toMatchObject({ code: 'newer-store' });
    // A store of the first format is read as it is: test splits were known by their names only.
    const first = await edit((m) => {
      m.formatVersion = 1;
      delete m.history;
      for (const split of m.splits) delete split.locked;
    });
    expect([first.isLocked('train'), first.isLocked('test')]).toEqual([false, true]);
    await expect(edit((m) => (m.splits[1].start = 7))).rejects.toMatchObject({ code: 'corrupt-store', message: expect.stringContaining('split test') });
    await expect(edit((m) => (m.columns.labels.file = '../labels.u8'))).rejects.toMatchObject({
      code: 'corrupt-store',
      message: expect.stringContaining('columns.labels.file'),
    });
    await expect(edit((_, out) => truncateSync(join(out, 'images.u8'), 59))).rejects.toMatchObject({
      code: 'corrupt-store',
      message: expect.stringContaining('expected 60 bytes, came 59'),
    });
    const out = makeStore(join(dir, 'json'));
    truncateSync(join(out, 'manifest.json'), 20);
    await expect(openStore(out)).rejects.toMatchObject({ code: 'corrupt-store' });
    await expect((await openStore(makeStore(join(dir, 'good')))).split('val')).rejects.toMatchObject({
      code: 'unknown-split',
      message: expect.stringContaining('train, test'),
    });
  });
});

describe('writing a store', () => {
  const refusal = (code: string) => expect.objectContaining({ name: 'UserError', code });

  it('leaves nothing behind when it is discarded, and nothing else than the store when it is not', () => {
    const dir = temporaryDir();
    const writer = new StoreWriter(options(join(dir, 's')));
    fill(writer, 5);
    writer.discard();
    expect(readdirSync(dir)).toEqual([]);
    makeStore(join(dir, 's'));
    expect(readdirSync(dir)).toEqual(['s']);
    expect(readdirSync(join(dir, 's')).sort()).toEqual(['images.u8', 'labels.u8', 'manifest.json', 'row.u32', 'source.u16']);
  });

  it('fills an empty directory, refuses a full one, replaces only a store and only by force', async () => {
    const dir = temporaryDir();
    const out = join(dir, 's');
    mkdirSync(out);
    makeStore(out);
    expect(() => new StoreWriter(options(out))).toThrow(refusal('exists'));
    const writer = new StoreWriter(options(out, { force: true }));
    fill(writer, 3);
    expect((await openStore(out)).manifest.count).toBe(10);
    writer.finish();
    expect((await openStore(out)).manifest.count).toBe(3);
    mkdirSync(join(dir, 'homework'));
    write(dir, 'homework/thesis.txt', 'dear to someone');
    expect(() => new StoreWriter(options(join(dir, 'homework'), { force: true }))).toThrow(refusal('not-a-store'));
    expect(() => new StoreWriter(options(join(dir, 'homework/thesis.txt'), { force: true }))).toThrow(refusal('exists'));
    expect(() => new StoreWriter(options(join(dir, 'homework/thesis.txt/s')))).toThrow(refusal('cannot-write'));
    expect(readdirSync(dir).sort()).toEqual(['homework', 's']);
  });

  it('goes through a link to a directory', async () => {
    const dir = temporaryDir();
    mkdirSync(join(dir, 'real'));
    symlinkSync(join(dir, 'real'), join(dir, 'link'));
    makeStore(join(dir, 'link'));
    expect((await openStore(join(dir, 'real'))).manifest.count).toBe(10);
  });

  it('of two at once into one place keeps the first to finish, whole', async () => {
    const dir = temporaryDir();
    const [a, b] = [new StoreWriter(options(join(dir, 's'))), new StoreWriter(options(join(dir, 's')))];
    for (let i = 0; i < 7; i++) {
      fill(a, 1);
      fill(b, 2);
    }
    b.finish();
    expect(() => a.finish()).toThrow(refusal('exists'));
    expect((await openStore(join(dir, 's'))).manifest.count).toBe(14);
    expect(readdirSync(dir)).toEqual(['s']);
  });

  it('of two at once by force keeps the last to finish, whole', async () => {
    const dir = temporaryDir();
    makeStore(join(dir, 's'));
    const [a, b] = [new StoreWriter(options(join(dir, 's'), { force: true })), new StoreWriter(options(join(dir, 's'), { force: true }))];
    fill(a, 4);
    fill(b, 6);
    b.finish();
    a.finish();
    expect((await openStore(join(dir, 's'))).manifest.count).toBe(4);
    expect(readdirSync(dir)).toEqual(['s']);
  });

  /** A process that is in the middle of writing a store, 3 rows in. */
  async function writing(out: string) {
    const script = `
      import { StoreWriter } from '@mien/data';
      const writer = new StoreWriter(${JSON.stringify(options(out))});
      for (let i = 0; i < 3; i++) writer.append({ split: 'train', label: 0, image: new Uint8Array(6) });
      console.log('ready');
      setInterval(() => {}, 1000);`;
    // The package's own built form, for Node 20 does not run TypeScript.
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: new URL('../..', import.meta.url),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return child;
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('ended by %s leaves nothing behind and still ends the process', async (signal) => {
    const dir = temporaryDir();
    const child = await writing(join(dir, 's'));
    expect(readdirSync(dir)).toHaveLength(1);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([null, signal]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('ended by kill -9 leaves no store, and the next import clears up after it', async () => {
    const dir = temporaryDir();
    const child = await writing(join(dir, 's'));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const left = readdirSync(dir);
    expect(left).toEqual([expect.stringMatching(/^\.partial-s\./)]);
    await expect(openStore(join(dir, left[0]!))).rejects.toMatchObject({ code: 'not-a-store' });
    makeStore(join(dir, 's'));
    expect(readdirSync(dir)).toEqual(['s']);
  });

  it('gives back the store that a kill -9 caught in the middle of being replaced', async () => {
    const dir = temporaryDir();
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    makeStore(join(dir, `.partial-s.${hostname()}-${pid}-1234.old`));
    mkdirSync(join(dir, `.partial-s.${hostname()}-${pid}-1234`));
    expect((await openStore(join(dir, 's'))).manifest.count).toBe(10);
    renameSync(join(dir, 's'), join(dir, `.partial-s.${hostname()}-${pid}-1234.old`));
    expect(() => new StoreWriter(options(join(dir, 's')))).toThrow(refusal('exists'));
    expect((await openStore(join(dir, 's'))).manifest.count).toBe(10);
    expect(readdirSync(dir)).toEqual(['s']);
  });
});
