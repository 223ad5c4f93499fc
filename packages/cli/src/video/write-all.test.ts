import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasFfmpeg } from '../../test/ffmpeg.ts';
import { writeAll } from './write-all.ts';
import { writeFrames } from './write-frames.ts';
import { writeText } from './write-text.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mien-pace-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/**
 * How many reactions the busiest promise gathers while `work` runs, of those hung on with `then`, as `Promise.race`, `catch` and `finally` do. A
 * promise that outlives the work and gathers one a step is memory that grows with the steps. (`await` hangs on unseen.)
 */
async function busiestPromise(work: () => Promise<void>): Promise<number> {
  const gathered = new Map<unknown, number>();
  const real = Promise.prototype.then;
  // By hand: a spy of Vitest's uses promises itself. `Promise` is put back before anything is expected.
  // biome-ignore lint/suspicious/noThenProperty: the language's own is watched
  Promise.prototype.then = function (this: Promise<unknown>, ...reactions) {
    gathered.set(this, (gathered.get(this) ?? 0) + 1);
    return real.apply(this, reactions) as Promise<never>;
  };
  try {
    await work();
  } finally {
    // biome-ignore lint/suspicious/noThenProperty: see above
    Promise.prototype.then = real;
  }
  return Math.max(0, ...gathered.values());
}

test('waits until all is passed on, and rejects where it cannot be', async () => {
  const passed: ((error?: Error) => void)[] = [];
  const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, callback) => void passed.push(callback) });
  stream.on('error', () => {});
  let written = 0;
  const first = writeAll(stream, 'one').then(() => written++);
  const second = writeAll(stream, 'two').then(() => written++);
  expect(written).toBe(0);
  passed[0]!();
  await first;
  expect(written).toBe(1);
  passed[1]!(new Error('full'));
  await expect(second).rejects.toThrow('full');
  await expect(writeAll(stream, 'three')).rejects.toThrow();
});

// One reaction a line or frame on a promise that lives as long as the film would be 30.
const few = 10;

test('no promise gathers something with every line of a text', async () => {
  const text = writeText(join(dir, 'table.csv'));
  const line = `${'0'.repeat(100_000)}\n`;
  const busiest = await busiestPromise(async () => {
    for (let i = 0; i < 30; i++) await text.write(line);
  });
  await text.finish();
  expect(busiest).toBeLessThan(few);
});

test.skipIf(!hasFfmpeg('memory of writing films'))('no promise gathers something with every frame of a film', async () => {
  const source = join(dir, 'sound.mkv');
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-t', '0.1', '-i', 'sine', source]);
  // Far more than a pipe holds, so that each frame has to wait.
  const [width, height] = [640, 480];
  const film = writeFrames(join(dir, 'film.mkv'), {
    file: source,
    width,
    height,
    framesPerSecond: 10,
    rate: '10',
    stretched: false,
    durationSeconds: undefined,
  });
  const rgb = new Uint8Array(width * height * 3);
  const busiest = await busiestPromise(async () => {
    for (let i = 0; i < 30; i++) await film.write(rgb);
  });
  await film.finish();
  expect(busiest).toBeLessThan(few);
});
