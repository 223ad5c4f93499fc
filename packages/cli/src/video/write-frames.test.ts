import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasFfmpeg } from '../../test/ffmpeg.ts';
import { probeVideo } from './probe-video.ts';
import { readFrames } from './read-frames.ts';
import { writeFrames } from './write-frames.ts';

const [width, height, rate] = [64, 48, 10];

describe.skipIf(!hasFfmpeg('writing films'))('a written film', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'mien-film-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  /** A clip with so many seconds of picture, and of sound unless that is 0. */
  function clip(name: string, pictureSeconds: number, soundSeconds: number): string {
    const file = join(dir, name);
    const picture = ['-f', 'lavfi', '-t', `${pictureSeconds}`, '-i', `testsrc=s=${width}x${height}:r=${rate}`];
    const sound = soundSeconds > 0 ? ['-f', 'lavfi', '-t', `${soundSeconds}`, '-i', 'sine', '-c:a', 'pcm_s16le'] : [];
    execFileSync('ffmpeg', ['-v', 'error', ...picture, ...sound, '-c:v', 'ffv1', file]);
    return file;
  }

  /** Frames of picture, and where the last packet of sound begins, in seconds. */
  function measure(file: string): { frames: number; lastSound: number | undefined } {
    const packets = (stream: string): number[] =>
      execFileSync('ffprobe', ['-v', 'error', '-select_streams', stream, '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', file], { encoding: 'utf8' })
        .split('\n')
        .map(Number.parseFloat)
        .filter(Number.isFinite);
    return { frames: packets('v').length, lastSound: packets('a').at(-1) };
  }

  test.each([
    { than: 'shorter', soundSeconds: 0.3 },
    { than: 'longer', soundSeconds: 3 },
  ])('is as long as the picture where the sound is $than', async ({ than, soundSeconds }) => {
    const source = clip(`${than}.mkv`, 1.5, soundSeconds);
    const out = join(dir, `out-${than}.mp4`);
    const video = await probeVideo(source);
    const film = writeFrames(out, video);
    for await (const { image } of readFrames(video)) await film.write(image.data);
    await film.finish();
    const measured = measure(out);
    expect(measured.frames).toBe(15);
    expect(measured.lastSound).toBeGreaterThan(1.3);
    expect(measured.lastSound).toBeLessThan(1.6);
  });

  test('of a silent source is silent and as long as the picture; frames may be drawn over once they are written', async () => {
    const source = clip('silent.mkv', 0.5, 0);
    const out = join(dir, 'out-silent.mkv');
    const film = writeFrames(out, await probeVideo(source));
    const rgb = new Uint8Array(width * height * 3);
    for (let i = 0; i < 30; i++) await film.write(rgb.fill(8 * i));
    await film.finish();
    expect(measure(out)).toEqual({ frames: 30, lastSound: undefined });
    let i = 0;
    for await (const { image } of readFrames(await probeVideo(out))) expect(Math.abs(image.data[1000]! - 8 * i++)).toBeLessThan(6);
  });

  test('of a source whose pixels are not square shows them so, as its faces are read', async () => {
    const source = join(dir, 'wide.mkv');
    // A square of 24 pixels that is shown 36 wide.
    const picture = `color=black:s=${width}x${height}:r=${rate},drawbox=x=20:y=12:w=24:h=24:color=white:t=fill,setsar=3/2`;
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-t', '0.3', '-i', picture, '-c:v', 'ffv1', source]);
    const video = await probeVideo(source);
    expect(video).toMatchObject({ width: 96, height, stretched: true });
    const whiteIn = (row: Uint8Array): number => Array.from({ length: row.length / 3 }, (_, x) => row[3 * x]!).filter((v) => v > 128).length;
    const film = writeFrames(join(dir, 'out-wide.mkv'), video);
    for await (const { image } of readFrames(video)) {
      expect(whiteIn(image.data.subarray(3 * 96 * 24, 3 * 96 * 25))).toBe(36);
      await film.write(image.data);
    }
    await film.finish();
    expect(await probeVideo(join(dir, 'out-wide.mkv'))).toMatchObject({ width: 96, height, stretched: false });
  });

  test('that ffmpeg does not take says so, once writing has met its end', async () => {
    const video = { ...(await probeVideo(clip('other.mkv', 0.2, 0))), file: join(dir, 'gone.mkv') };
    const film = writeFrames(join(dir, 'never.mp4'), video);
    const rgb = new Uint8Array(width * height * 3);
    const writing = (async () => {
      for (;;) await film.write(rgb);
    })();
    await expect(writing).rejects.toMatchObject({ code: 'unwritable-video', message: expect.stringContaining('No such file') });
    await film.discard();
    expect(readdirSync(dir).filter((name) => name.includes('never'))).toEqual([]);
  });
});
