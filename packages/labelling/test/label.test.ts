/** Whole jobs, as a stranger would run them. The package is imported by name: workers run compiled JavaScript. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelJob, label, type LabelOptions, type Manifest, type PlainRow, queryLabels, readManifest } from '@mien/labelling';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeZip } from './archives.ts';
import { brightnessModel, happiness, shadePicture, temporaryFolder } from './pictures.ts';

const folder = temporaryFolder('label');
const model = join(folder, 'brightness.onnx');
const recogniser = new URL('./scripted-recogniser.mjs', import.meta.url).href;
beforeAll(() => writeFileSync(model, brightnessModel()));

function pictures(name: string, files: Record<string, string | Uint8Array>): string {
  const dir = join(folder, name);
  mkdirSync(dir, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(dir, file), bytes);
  return dir;
}

const emptyFiles = (prefix: string, count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}-${String(i).padStart(3, '0')}.png`, '']));

const out = (name: string): string => join(folder, 'out', name);

function run(options: Partial<LabelOptions> & Pick<LabelOptions, 'sources' | 'out'>): Promise<Manifest> {
  return label({ model, faces: true, workers: 1, ...options });
}

function ask(dir: string, sql: string): Promise<PlainRow[]> {
  return queryLabels(dir, sql, async ({ rows }) => {
    const found: PlainRow[] = [];
    for await (const row of rows) found.push(row);
    return found;
  });
}

describe('a job', () => {
  it('labels folders, archives and lists, and sets damaged pictures aside', async () => {
    const shades = [0, 60, 120, 180, 240];
    const dir = pictures('mixed', { ...Object.fromEntries(shades.map((s) => [`${s}.png`, shadePicture(s)])), 'broken.png': 'no picture', 'notes.md': '' });
    const zip = writeZip(join(folder, 'some.zip'), [{ name: 'in/30.png', bytes: shadePicture(30), method: 'deflated' }]);
    const list = join(folder, 'some.txt');
    writeFileSync(list, `mixed/60.png\nmissing.png\n`);
    const notices: string[] = [];
    const manifest = await run({ sources: [dir, zip, list], out: out('mixed'), chunkSize: 3, onNotice: (message) => notices.push(message) });

    expect(manifest).toMatchObject({ state: 'done', items: 9, chunks: 3, skipped: 1, totals: { images: 9, faces: 7, errors: 2 } });
    expect(manifest.shards).toEqual([
      { faces: 'faces/part-000000.parquet', images: 'images/part-000000.parquet', faceRows: 7, imageRows: 9, bytes: expect.any(Number) },
    ]);
    expect(notices).toEqual([]);
    const rows = await ask(out('mixed'), 'SELECT item, source, entry, label, happy, width, score, model FROM faces ORDER BY item');
    const expected = [0, 120, 180, 240, 60, 30, 60];
    expect(rows.map(({ entry, source }) => entry ?? String(source).slice(folder.length + 1))).toEqual([
      ...['mixed/0.png', 'mixed/120.png', 'mixed/180.png', 'mixed/240.png', 'mixed/60.png', 'in/30.png', 'mixed/60.png'],
    ]);
    for (const [i, row] of rows.entries()) {
      expect(row.happy).toBeCloseTo(happiness(expected[i]!), 5);
      expect(row).toMatchObject({ width: 16, score: 1, model: 'brightness' });
    }
    const errors = readFileSync(join(out('mixed'), 'errors.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as PlainRow);
    expect(errors.map(({ code, source }) => [code, source])).toEqual([
      ['unreadable-image', join(dir, 'broken.png')],
      ['not-found', join(folder, 'missing.png')],
    ]);
    expect(readdirSync(out('mixed')).sort()).toEqual(['errors.jsonl', 'faces', 'images', 'items.jsonl', 'items.offsets', 'manifest.json', 'model.onnx']);
  });

  it('that is done is not done again, and another one is refused its folder', async () => {
    const dir = pictures('again', { 'a.png': shadePicture(10) });
    const first = await run({ sources: [dir], out: out('again') });
    writeFileSync(join(dir, 'new.png'), shadePicture(20));
    expect(await run({ sources: [dir], out: out('again') })).toEqual(first);
    await expect(run({ sources: [dir], out: out('again'), chunkSize: 7 })).rejects.toMatchObject({
      code: 'other-job',
      message: expect.stringContaining('chunkSize 256, now 7'),
    });
    writeFileSync(join(folder, 'other.onnx'), brightnessModel('other', 2));
    await expect(run({ sources: [dir], out: out('again'), model: join(folder, 'other.onnx') })).rejects.toMatchObject({
      message: expect.stringMatching(/model brightness \w{12}, now other/),
    });
    await expect(run({ sources: [dir], out: dir })).rejects.toMatchObject({ code: 'out-not-empty' });
  });

  it.each([
    ['a source that is not there', () => ({ sources: [join(folder, 'nowhere')] }), 'not-found'],
    ['a folder without pictures', () => ({ sources: [pictures('none', { 'notes.md': '' })] }), 'nothing-found'],
    ['a model that is none', () => ({ sources: [folder], model: pictures('bad', { 'm.onnx': 'x' }) + '/m.onnx' }), 'bad-model'],
    ['workers for a queue', () => ({ sources: [folder], queue: 'redis://127.0.0.1:1' }), 'bad-option'],
  ])('with %s leaves nothing behind, so that the mended command can use the folder', async (_, make, code) => {
    await expect(run({ out: out('failed'), ...make() })).rejects.toMatchObject({ name: 'UserError', code });
    expect(existsSync(out('failed'))).toBe(false);
  });

  it('answers queries before there is a row, and says what is wrong with one', async () => {
    await expect(ask(folder, 'SELECT 1')).rejects.toMatchObject({ code: 'no-job' });
    await expect(ask(out('again'), 'SELECT nonsense FROM faces')).rejects.toMatchObject({ code: 'bad-query', message: expect.stringContaining('nonsense') });
    expect(await ask(out('again'), 'SELECT count(*) AS n, 2::HUGEINT ** 60 AS big, NULL AS none, [1, 2] AS list FROM errors')).toEqual([
      { n: 0, big: 2 ** 60, none: null, list: [1, 2] },
    ]);
  });
});

describe('trouble', () => {
  it('a picture that kills its workers is set aside, and the others of its chunk are labelled', async () => {
    const dir = pictures('killer', { ...emptyFiles('a', 5), 'kill.png': '', ...emptyFiles('z', 5) });
    const manifest = await run({ sources: [dir], out: out('killer'), recogniser, chunkSize: 4 });
    expect(manifest).toMatchObject({ state: 'done', totals: { images: 11, faces: 10, errors: 1 } });
    expect(await ask(out('killer'), 'SELECT source, code FROM errors')).toEqual([{ source: join(dir, 'kill.png'), code: 'ended-worker' }]);
  });
});

describe('stopping and going on', () => {
  const slow = (name: string): Partial<LabelOptions> & Pick<LabelOptions, 'sources' | 'out'> => ({
    sources: [pictures(name, emptyFiles('slow', 60))],
    out: out(name),
    recogniser,
    chunkSize: 5,
  });

  it('stops when aborted, answers queries, and goes on where it was', async () => {
    const options = slow('stopped');
    const stop = new AbortController();
    const first = await run({ ...options, signal: stop.signal, onProgress: ({ phase, done }) => phase === 'labelling' && done >= 20 && stop.abort() });
    expect(first.state).toBe('stopped');
    const [{ n }] = (await ask(options.out, 'SELECT count(*) AS n FROM images')) as [{ n: number }];
    expect(n).toBeGreaterThanOrEqual(10);
    expect(n).toBeLessThan(60);
    const started: number[] = [];
    const second = await run({ ...options, onProgress: ({ phase, done }) => phase === 'labelling' && started.push(done) });
    expect(second).toMatchObject({ state: 'done', totals: { images: 60, faces: 60 } });
    expect(started[0]).toBeGreaterThanOrEqual(n);
    expect(await ask(options.out, 'SELECT count(DISTINCT item) AS n, min(item) AS low, max(item) AS high FROM faces')).toEqual([{ n: 60, low: 0, high: 59 }]);
  });

  it('goes on after a kill -9, with every image once; meanwhile nobody else may label there', async () => {
    const options = slow('killed');
    const program = `import { label } from '@mien/labelling'; await label(JSON.parse(process.argv[1]))`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, JSON.stringify({ model, faces: true, workers: 2, ...options })], {
      cwd: import.meta.dirname,
      stdio: 'inherit',
    });
    const chunks = (): string[] =>
      existsSync(join(options.out, 'chunks')) ? readdirSync(join(options.out, 'chunks')).filter((name) => !name.startsWith('.')) : [];
    while (chunks().length < 3) await sleep(20);
    await expect(run(options)).rejects.toMatchObject({ code: 'job-in-use', message: expect.stringContaining(`process ${child.pid}`) });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect((await readManifest(options.out))?.state).toBe('labelling');
    expect(await run(options)).toMatchObject({ state: 'done', totals: { images: 60, faces: 60, errors: 0 } });
    expect(await ask(options.out, 'SELECT count(DISTINCT item) AS n FROM images')).toEqual([{ n: 60 }]);
  });

  it('stops when cancelled from elsewhere', async () => {
    const options = slow('cancelled');
    let labelling = false;
    const running = run({
      ...options,
      onProgress: ({ phase }) => {
        labelling ||= phase === 'labelling';
      },
    });
    while (!labelling) await sleep(20);
    expect((await cancelJob({ dir: options.out })).state).toBe('stopped');
    expect((await running).state).toBe('stopped');
    // A second time nobody is there to be asked, which is no error.
    expect((await cancelJob({ dir: options.out })).state).toBe('stopped');
    await expect(cancelJob({ dir: folder })).rejects.toMatchObject({ code: 'no-job' });
  });
});
