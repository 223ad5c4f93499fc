/** One worker and its chunks, in this process; whole jobs are in `test/label.test.ts`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../test/pictures.ts';
import { ItemIndex, ItemIndexWriter } from './items/item-index.ts';
import { chunkFolder, labelFolder } from './label-folder.ts';
import { type ChunkOutcome, type LabelPayload, openLabelHandler } from './label-handler.ts';

const root = temporaryFolder('handler');
const recogniser = new URL('../test/scripted-recogniser.mjs', import.meta.url).href;

/** A job over files of these names, listed and ready to be worked on. */
async function makeJob(name: string, files: readonly string[]) {
  const source = join(root, name, 'source');
  const folder = labelFolder(join(root, name, 'labels'));
  for (const dir of [source, folder.chunks, folder.images]) mkdirSync(dir, { recursive: true });
  for (const file of files) writeFileSync(join(source, file), '');
  writeFileSync(folder.manifest, '{}');
  const writer = await ItemIndexWriter.open(folder.items, folder.offsets, 100);
  for (const file of files) await writer.add({ file: join(source, file) });
  const { items } = await writer.finish();
  const options = {
    sources: [source],
    model: { name: 'm', sha256: 'abc', labels: ['happy', 'sad'] },
    detector: null,
    threshold: null,
    framesPerSecond: 1,
    chunkSize: 100,
  };
  const payload: LabelPayload = { dir: folder.dir, options, videos: false, ownRecogniser: true };
  const index = await ItemIndex.open(folder.offsets, items, 100);
  const opened = await openLabelHandler(payload, { threads: 1, map: [], recogniser });
  const attempt = (n: number): Promise<ChunkOutcome> =>
    opened.handle(
      { id: 'chunk-0', payload: { chunk: 0, ...index.range(0) }, failures: n, deaths: 0, lost: new AbortController().signal },
      { signal: new AbortController().signal, progress: () => {} },
    );
  const images = async () => {
    const bytes = new Uint8Array(readFileSync(join(chunkFolder(folder.chunks, 0), 'images.parquet')));
    return parquetReadObjects({ file: bytes.buffer as ArrayBuffer });
  };
  return { source, folder, payload, attempt, images };
}

describe('a chunk', () => {
  it('is written once: whoever comes later finds it done', async () => {
    const job = await makeJob('once', ['a.png', 'b.png']);
    expect(await job.attempt(0)).toEqual({ images: 2, faces: 2, errors: 0, worked: true });
    const place = chunkFolder(job.folder.chunks, 0);
    const { mtimeMs } = statSync(place);
    expect(await job.attempt(0)).toEqual({ images: 0, faces: 0, errors: 0, worked: false });
    expect(statSync(place).mtimeMs).toBe(mtimeMs);
    expect(readdirSync(job.folder.chunks)).toEqual(['00000000']);
  });

  it('that two workers do at the same time appears whole, once, and leaves no scraps', async () => {
    const job = await makeJob('twice', ['slow-a.png', 'slow-b.png']);
    const outcomes = await Promise.all([job.attempt(0), job.attempt(0), job.attempt(0)]);
    expect(outcomes.map(({ worked }) => worked)).toEqual([true, true, true]);
    expect(readdirSync(job.folder.chunks)).toEqual(['00000000']);
    expect(await job.images()).toHaveLength(2);
  });

  it('with a picture that its reader fails on sets that aside after some attempts, and labels the others', async () => {
    const job = await makeJob('stumble', ['a.png', 'throw.png', 'z.png']);
    for (let n = 0; n < 4; n++) await expect(job.attempt(n)).rejects.toThrow('stumbled');
    expect(await job.attempt(4)).toEqual({ images: 3, faces: 2, errors: 1, worked: true });
    expect((await job.images()).map(({ error_code }) => error_code)).toEqual([null, 'ended-worker', null]);
    expect(readdirSync(job.folder.suspects)).toEqual([]);
  });

  it('on a full disk is tried later, however often, and no picture is blamed', async () => {
    const job = await makeJob('full', ['a.png', 'full.png']);
    for (let i = 0; i < 5; i++) {
      await expect(job.attempt(1)).rejects.toMatchObject({ name: 'RetryLater', message: expect.stringContaining('the disk is full') });
      rmSync(join(job.source, 'full.png.tried'));
    }
    writeFileSync(join(job.source, 'full.png.tried'), '');
    expect(await job.attempt(1)).toMatchObject({ errors: 0 });
  });
});

describe('a worker', () => {
  it('is refused where it does not see the pictures: a folder with nothing in it is a disk that is not mounted', async () => {
    const job = await makeJob('unmounted', ['a.png']);
    rmSync(join(job.source, 'a.png'));
    await expect(openLabelHandler(job.payload, { threads: 1, map: [], recogniser })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(job.source),
    });
    const map = [`${job.folder.dir}=/nowhere`];
    await expect(openLabelHandler(job.payload, { threads: 1, map, recogniser })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('/nowhere/manifest.json'),
    });
  });

  it('waits when the pictures go away in the middle of its work, and takes a single one for missing', async () => {
    const job = await makeJob('away', ['a.png', 'gone.png']);
    const real = { ...job.payload, ownRecogniser: false };
    expect(existsSync(job.folder.model)).toBe(false);
    await expect(openLabelHandler(real, { threads: 1, map: [] })).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('model.onnx') });
    rmSync(join(job.source, 'gone.png'));
    expect(await job.attempt(0)).toMatchObject({ images: 2, errors: 1 });
    rmSync(chunkFolder(job.folder.chunks, 0), { recursive: true });
    rmSync(join(job.source, 'a.png'));
    await expect(job.attempt(0)).rejects.toMatchObject({ name: 'RetryLater', message: expect.stringContaining('cannot be reached; waiting') });
  });
});
