import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultModelName, releasedModelsUrl } from '@mien/released-models';
import { createNodeRecogniser, lightDetector } from '@mien/runtime/node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasFfmpeg } from '../../test/ffmpeg.ts';
import { eachDot } from './bitmap-font.ts';
import { predictVideo } from './predict-video.ts';
import { isVideoName, probeVideo } from './probe-video.ts';

const photographs = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
const path = process.env.PATH;

test('videos are told by their extension', () => {
  expect(['a.MP4', 'b.webm', 'c.jpg', 'mp4'].map(isVideoName)).toEqual([true, true, false, false]);
});

test('letters are drawn dot by dot, what has none as a question mark', () => {
  const dots = (text: string): string[] => {
    const found: string[] = [];
    eachDot(text, (x, y) => found.push(`${x},${y}`));
    return found;
  };
  expect(dots('-')).toEqual(['0,3', '1,3', '2,3', '3,3', '4,3']);
  expect(dots('A')).toEqual(dots('a'));
  expect(dots('ü')).toEqual(dots('?'));
  expect(dots('--').at(-1)).toBe('10,3');
});

describe.skipIf(!hasFfmpeg('videos'))('a video', () => {
  let dir: string;
  let open: Pick<Parameters<typeof predictVideo>[0], 'recogniser' | 'detector' | 'search'>;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'mien-video-'));
    // Odd sides and sound, as files come.
    const inputs = ['-loop', '1', '-t', '0.5', '-i', join(photographs, 'sample4.jpg'), '-f', 'lavfi', '-t', '0.5', '-i', 'sine'];
    execFileSync('ffmpeg', ['-v', 'error', ...inputs, '-vf', 'scale=481:-1', '-r', '10', '-frames:v', '5', '-c:v', 'ffv1', join(dir, 'people.mkv')]);
    const [recogniser, detector] = await Promise.all([
      createNodeRecogniser(join(fileURLToPath(releasedModelsUrl), `${defaultModelName}.onnx`), { threads: 1 }),
      lightDetector({ threads: 1 }),
    ]);
    open = { recogniser, detector, search: detector };
  });
  afterEach(() => {
    process.env.PATH = path;
  });
  afterAll(async () => {
    await Promise.all([open.recogniser.release(), open.detector.release()]);
    rmSync(dir, { recursive: true });
  });

  test('becomes a table with a line a face and frame, and a video of the same length with sound', async () => {
    const [out, csv] = [join(dir, 'marked.mp4'), join(dir, 'table.csv')];
    const summary = await predictVideo({ ...open, file: join(dir, 'people.mkv'), out, csv });
    expect(summary.frames).toBe(5);
    expect(summary.faces.length).toBeGreaterThan(1);
    const [head, ...lines] = readFileSync(csv, 'utf8').trim().split('\n');
    expect(head).toBe(`time_s,frame,face,x,y,width,height,expression,unsure,${open.recogniser.card.labels.join(',')}`);
    // A face counts from its second frame on.
    expect(lines).toHaveLength(4 * summary.faces.length);
    for (const line of lines) {
      const fields = line.split(',');
      expect(fields).toHaveLength(9 + open.recogniser.card.labels.length);
      expect(fields.slice(9).reduce((sum, p) => sum + Number(p), 0)).toBeCloseTo(1, 2);
    }
    const marked = await probeVideo(out);
    expect([marked.width, marked.height % 2, marked.framesPerSecond]).toEqual([482, 0, 10]);
    expect(execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', out], { encoding: 'utf8' })).toContain('audio');
    expect(readdirSync(dir).filter((name) => name.includes('.part'))).toEqual([]);
  });

  test('that cannot be read says why and leaves nothing behind', async () => {
    const broken = join(dir, 'broken.mp4');
    writeFileSync(broken, 'no video');
    const csv = join(dir, 'nothing.csv');
    await expect(predictVideo({ ...open, file: broken, csv })).rejects.toMatchObject({ code: 'unreadable-video' });
    await expect(predictVideo({ ...open, file: join(dir, 'none.mp4'), csv })).rejects.toMatchObject({ code: 'not-found' });
    await expect(predictVideo({ ...open, file: dir, csv })).rejects.toMatchObject({ code: 'not-a-file' });
    await expect(predictVideo({ ...open, file: join(dir, 'people.mkv'), csv: join(dir, 'no/folder.csv') })).rejects.toMatchObject({ code: 'not-found' });
    await expect(predictVideo({ ...open, file: join(dir, 'people.mkv'), csv, out: join(dir, 'no/marked.mp4') })).rejects.toMatchObject({ code: 'not-found' });
    expect(existsSync(`${csv}.part`)).toBe(false);
    await expect(
      predictVideo({
        ...open,
        file: join(dir, 'people.mkv'),
        csv,
        out: join(dir, 'marked.y4m.mov'),
        onFrame: () => Promise.reject(new Error('stop')),
      }),
    ).rejects.toThrow('stop');
    expect(existsSync(csv)).toBe(false);
    expect(readdirSync(dir).filter((name) => name.includes('.part') || name.includes('y4m'))).toEqual([]);
  });

  test('without ffmpeg says what to install', async () => {
    process.env.PATH = dir;
    await expect(probeVideo(join(dir, 'people.mkv'))).rejects.toMatchObject({ code: 'no-ffmpeg', message: expect.stringContaining('install ffmpeg') });
  });
});
