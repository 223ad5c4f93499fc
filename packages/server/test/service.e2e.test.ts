/**
 * The service over real sockets, with real workers and the released model, as a stranger uses and abuses it.
 * The package is imported by name: its workers run compiled JavaScript.
 */
import { existsSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MienClient, MienServiceError } from '@mien/server/client';
import { type RunningService, type StartServiceOptions, startService } from '@mien/server';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const models = [{ name: 'mien-seresnet', file: join(root, 'models/mien-seresnet.onnx') }];
const photo = new Uint8Array(readFileSync(join(root, 'node_modules/@vladmandic/face-api/demo/sample1.jpg')));
const silent = { request: () => {}, event: () => {} };
const start = (options: Partial<StartServiceOptions> = {}): Promise<RunningService> => startService({ models, port: 0, workers: 1, log: silent, ...options });

let service: RunningService;
let client: MienClient;
let crop: Uint8Array;
beforeAll(async () => {
  service = await start({ limits: { imagesPerSecond: 0, deadlineMs: 120_000, videoDeadlineMs: 120_000, queuedImages: 16, videoFrames: 3 } });
  client = new MienClient({ url: service.url, retries: 0 });
  crop = await sharp(photo).resize(48, 48).png().toBuffer();
});
afterAll(() => service.stop(1000));

/** Sends raw bytes and gives all that comes back until the server closes or a second passes without anything. */
function raw(url: string, ...pieces: readonly (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece);
    });
    let answer = '';
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      if (answer.includes('\r\n\r\n')) socket.setTimeout(300);
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(answer) : reject(error)));
  });
}

describe('a stranger', () => {
  test('recognises, explains and lists through the client, and never waits for a busy event loop', async () => {
    const answer = client.recognise(photo);
    const began = performance.now();
    expect(await client.ready()).toBe(true);
    expect(performance.now() - began).toBeLessThan(5000);
    const { faces, model, width } = await answer;
    expect(faces.length).toBeGreaterThan(0);
    expect([model, width]).toEqual(['mien-seresnet', (await sharp(photo).metadata()).width]);
    for (const { probabilities } of faces) expect(Object.values(probabilities).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    const { results } = await client.recogniseMany([crop, new Blob([photo.slice(0, 3000)]), crop.slice().buffer as ArrayBuffer], { detect: 'none' });
    expect(results.map((result) => ('error' in result ? result.error.code : result.faces.length))).toEqual([1, 'unreadable-image', 1]);
    expect(results[2]).toEqual(results[0]);
    const { map, label } = await client.explain(crop, { detect: 'none', grid: 4 });
    expect([map.length, map[0]!.length, typeof label]).toEqual([4, 4, 'string']);
    expect(Math.max(...map.flat().map(Math.abs))).toBeGreaterThan(0);
    expect((await client.models()).models[0]!.card.labels).toHaveLength(7);
  });

  test('hears what is wrong through the client', async () => {
    const error = await client.recognise(new Uint8Array([1, 2, 3])).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MienServiceError);
    expect(error).toMatchObject({ status: 415, code: 'unsupported-media-type', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  const clip = join(process.env.MIEN_DATA ?? '/nowhere', 'video/one-face-20s.mp4');
  test.skipIf(!existsSync(clip))(
    'recognises a video up to the frame limit (skipped without MIEN_DATA=/folder with video/one-face-20s.mp4)',
    async (context) => {
      const result = await client.recogniseVideo(readFileSync(clip), { framesPerSecond: 1 }).catch((error: MienServiceError) => {
        // Without ffmpeg the service says so.
        expect(error).toMatchObject({ status: 501, code: 'no-video' });
        return undefined;
      });
      if (!result) return context.skip('ffmpeg is not installed');
      expect(result).toMatchObject({ framesPerSecond: 1, truncated: true, frames: [{ timeS: 0 }, { timeS: 1 }, { timeS: 2 }] });
      expect(result.frames.every(({ faces }) => faces.length === 1)).toBe(true);
      await expect(client.recogniseVideo(readFileSync(clip).subarray(0, 5000))).rejects.toMatchObject({ status: 422, code: 'unreadable-video' });
    },
  );
});

describe('abuse', () => {
  test('5 GB: an announced body is refused before any of it is sent, an unannounced one soon after its limit', async () => {
    const answer = await raw(service.url, 'POST /v1/recognise HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000000\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    let sent = 0;
    const status = await new Promise<number | string>((resolve) => {
      const request = httpRequest(`${service.url}/v1/recognise`, { method: 'POST' }, (response) => resolve(response.statusCode!));
      request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      const piece = Buffer.alloc(2 ** 20);
      const write = (): void => {
        while (sent < 5000 && !request.destroyed) {
          sent++;
          if (!request.write(piece)) return;
        }
      };
      request.on('drain', write);
      write();
    });
    expect(status).toBe(413);
    expect(sent).toBeLessThan(200);
  });

  test('bombs: 50,000 × 50,000 pixels in a header, and in 300 KB of a real file', async () => {
    const header = Buffer.from(
      await sharp({ create: { width: 10, height: 10, channels: 3, background: '#fff' } })
        .png()
        .toBuffer(),
    );
    header.writeUInt32BE(50_000, 16);
    header.writeUInt32BE(50_000, 20);
    header.writeUInt32BE(crc32(header.subarray(12, 29)), 29);
    await expect(client.recognise(header)).rejects.toMatchObject({ status: 413, code: 'image-too-large' });
    const large = await sharp({ create: { width: 10_000, height: 9_000, channels: 3, background: '#fff' } })
      .png({ compressionLevel: 9 })
      .toBuffer();
    expect(large.length).toBeLessThan(400_000);
    await expect(client.recognise(large)).rejects.toMatchObject({ status: 413, code: 'image-too-large' });
  });

  test('requests that break HTTP or smuggle headers get a 400 and nothing of theirs back', async () => {
    for (const head of [
      'POST /v1/recognise HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
      'POST /v1/recognise HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\rb\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
      'GARBAGE\r\n\r\n',
    ]) {
      expect(await raw(service.url, head), head.slice(0, 60)).toMatch(/^HTTP\/1\.1 4\d\d /);
    }
    const answer = await raw(service.url, 'GET /health?a=%0d%0aSet-Cookie:%20a HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: %0d%0aSet-Cookie: a=b\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer.toLowerCase()).not.toContain('set-cookie');
    expect(await raw(service.url, 'GET /v1/models HTTP/1.1\r\nHost: attacker.example\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /);
    expect(await raw(service.url, 'GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n')).toMatch(/^HTTP\/1\.1 404 /);
  });

  test('1,000 connections at once are answered or refused, and the service is as before', async () => {
    const before = await client.recognise(crop, { detect: 'none' });
    const statuses = await Promise.all(
      Array.from(
        { length: 1000 },
        () =>
          new Promise<number | string>((resolve) => {
            const request = httpRequest(`${service.url}/v1/recognise?detect=none`, { method: 'POST', agent: false }, (response) => {
              response.resume();
              response.on('end', () => resolve(response.statusCode!));
            });
            request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
            request.end(crop);
          }),
      ),
    );
    expect(new Set(statuses)).toEqual(new Set(statuses.includes(429) ? [200, 429] : [200]));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(32);
    expect(await client.recognise(crop, { detect: 'none' })).toEqual(before);
  });
});

test('slow-loris: a head or a body that drips is cut off, and does not keep others waiting', async () => {
  const impatient = await start({ timeouts: { headersTimeout: 600, requestTimeout: 1200, connectionsCheckingInterval: 100 } });
  const heads = Array.from({ length: 50 }, () => raw(impatient.url, 'POST /v1/recognise HTTP/1.1\r\nHost: local'));
  const bodies = Array.from({ length: 50 }, () => raw(impatient.url, 'POST /v1/recognise HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n', 'x'));
  expect((await fetch(`${impatient.url}/ready`)).status).toBe(200);
  for (const answer of await Promise.all([...heads, ...bodies])) expect(answer).toMatch(/^(HTTP\/1\.1 408 |$)/);
  expect(await (await fetch(`${impatient.url}/metrics`)).text()).toMatch(/^mien_body_bytes 0$/m);
  await impatient.stop(1000);
});

test('it stops when what it accepted is answered, and takes nothing new meanwhile', async () => {
  const stopping = await start({ limits: { imagesPerSecond: 0, deadlineMs: 120_000 } });
  const accepted = Array.from({ length: 4 }, () => new MienClient({ url: stopping.url }).recognise(photo));
  const taken = async (): Promise<number> => {
    const text = await (await fetch(`${stopping.url}/metrics`)).text();
    return [...text.matchAll(/^mien_(?:queue_length|images_in_work) (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
  };
  await vi.waitFor(async () => expect(await taken()).toBe(4), { timeout: 60_000, interval: 5 });
  const stopped = stopping.stop(120_000);
  for (const { faces } of await Promise.all(accepted)) expect(faces.length).toBeGreaterThan(0);
  await stopped;
  await expect(fetch(`${stopping.url}/ready`)).rejects.toThrow();
});

test('it refuses to start open to others without a token, and with a weak one', async () => {
  await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({ name: 'UserError', code: 'token-needed' });
  await expect(start({ host: '::' })).rejects.toMatchObject({ code: 'token-needed' });
  await expect(start({ tokens: ['secret'] })).rejects.toMatchObject({ code: 'bad-token' });
  await expect(start({ allowedOrigins: ['*'] })).rejects.toMatchObject({ code: 'bad-origin' });
  await expect(start({ models: [] })).rejects.toMatchObject({ code: 'no-model' });
  await expect(start({ models: [{ name: 'x', file: '/nowhere/x.onnx' }] })).rejects.toMatchObject({ name: 'UserError', code: 'not-found' });
});

/** The checksum of a PNG chunk (ISO 3309). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
