import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testCard, testModel } from '../../../runtime/src/test-model.ts';
import type { ModelList, RuntimeFiles } from './api.ts';
import { createStudioApp, type StudioAppOptions } from './studio-app.ts';

let dir: string;
let options: StudioAppOptions;
let app: Hono;
const model = testModel([0, 0, 0, 4, -4, 0, 0], [0, 0, 0, 0, 0, 0, 0]);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mien-studio-app-'));
  await mkdir(join(dir, 'site/assets'), { recursive: true });
  await writeFile(join(dir, 'site/index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(dir, 'site/assets/index-abc.js'), 'export {};');
  await writeFile(join(dir, 'secret.txt'), 'not for anyone');
  await writeFile(join(dir, 'detector.onnx'), 'detector');
  await writeFile(join(dir, 'light.onnx'), 'light detector');
  await writeFile(join(dir, 'landmarks.onnx'), 'landmarks');
  await writeFile(join(dir, 'first.onnx'), model);
  options = {
    studioDir: join(dir, 'site'),
    models: [
      { name: 'first', file: join(dir, 'first.onnx') },
      { name: 'second.v2', file: join(dir, 'first.onnx') },
    ],
    detectorFile: join(dir, 'detector.onnx'),
    liveDetectorFile: join(dir, 'light.onnx'),
    landmarksFile: join(dir, 'landmarks.onnx'),
  };
  app = await createStudioApp(options);
});
afterAll(() => rm(dir, { recursive: true }));

test('the page is served at / and asked for anew, its hashed assets never again', async () => {
  const page = await app.request('/');
  expect([page.status, page.headers.get('content-type'), page.headers.get('cache-control')]).toEqual([200, 'text/html; charset=utf-8', 'no-cache']);
  expect(await page.text()).toContain('<title>page');
  const asset = await app.request('/assets/index-abc.js');
  expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(asset.headers.get('cache-control')).toContain('immutable');
});

test('an ETag that still holds gives 304 without a body', async () => {
  const etag = (await app.request('/models/first.onnx')).headers.get('etag')!;
  const again = await app.request('/models/first.onnx', { headers: { 'If-None-Match': `"other", ${etag}` } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  expect((await app.request('/models/first.onnx', { headers: { 'If-None-Match': '"other"' } })).status).toBe(200);
});

test('models are listed with their cards and served byte for byte', async () => {
  const list = (await (await app.request('/api/models')).json()) as ModelList;
  expect(list.default).toBe('first');
  expect(list.models.map(({ name, url, bytes, card }) => [name, url, bytes, card.name])).toEqual([
    ['first', '/models/first.onnx', model.length, testCard.name],
    ['second.v2', '/models/second.v2.onnx', model.length, testCard.name],
  ]);
  expect(new Uint8Array(await (await app.request(list.models[1]!.url)).arrayBuffer())).toEqual(model);
});

test('HEAD gives the length without the bytes', async () => {
  const head = await app.request('/models/first.onnx', { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(model.length), '']);
});

test('detectors and ONNX Runtime come from the same origin; of the package only what a page needs', async () => {
  const { detector, liveDetector, landmarks, ort } = (await (await app.request('/api/runtime')).json()) as RuntimeFiles;
  expect(await (await app.request(detector.url)).text()).toBe('detector');
  expect(await (await app.request(liveDetector.url)).text()).toBe('light detector');
  expect(await (await app.request(landmarks.url)).text()).toBe('landmarks');
  const wasm = await app.request(ort.wasm.url);
  expect([wasm.headers.get('content-type'), wasm.headers.get('content-length')]).toEqual(['application/wasm', String(ort.wasm.bytes)]);
  expect(wasm.headers.get('cache-control')).toContain('immutable');
  await wasm.body?.cancel();
  expect((await app.request(`${ort.baseUrl}ort-wasm-simd-threaded.mjs`)).status).toBe(200);
  expect((await app.request(`${ort.baseUrl}ort.all.min.mjs`)).status).toBe(404);
});

test('every answer isolates the page and binds it to its own origin', async () => {
  for (const path of ['/', '/api/models', '/models/first.onnx', '/nothing']) {
    const { headers } = await app.request(path);
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    // The camera for our own page and no frame in it, the microphone for nobody.
    expect(headers.get('permissions-policy')).toMatch(/^camera=\(self\), microphone=\(\)/);
    expect(policy).not.toMatch(/https?:|\*|'unsafe-(inline|eval)'/);
  }
});

test.each([
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/assets/..%2f..%2fsecret.txt',
  '/models/..%2fsecret.txt',
  '/models/%00.onnx',
  '/models/third.onnx',
  '/first.onnx',
  '//secret.txt',
])('%s is not found', async (path) => {
  const response = await app.request(`http://localhost${path}`);
  expect(response.status).toBe(404);
  expect(await response.json()).toHaveProperty('error.code', 'not-found');
});

test('a file that was deleted after the start is not found, one that was replaced is served as it now is', async () => {
  const file = join(dir, 'gone.onnx');
  await writeFile(file, model);
  const other = await createStudioApp({ ...options, models: [{ name: 'gone', file }] });
  await writeFile(file, 'replaced');
  expect(await (await other.request('/models/gone.onnx')).text()).toBe('replaced');
  await rm(file);
  expect((await other.request('/models/gone.onnx')).status).toBe(404);
});

test('no released model is an empty list, also when a default is named', async () => {
  const empty = await createStudioApp({ ...options, models: [], defaultModel: 'mien-seresnet' });
  expect(await (await empty.request('/api/models')).json()).toEqual({ default: null, live: null, models: [] });
});

test('the caller hears of what is missing', async () => {
  await expect(createStudioApp({ ...options, studioDir: join(dir, 'none') })).rejects.toMatchObject({ code: 'studio-not-built' });
  await expect(createStudioApp({ ...options, detectorFile: join(dir, 'none') })).rejects.toMatchObject({ code: 'not-found' });
  await expect(createStudioApp({ ...options, liveDetectorFile: join(dir, 'none') })).rejects.toMatchObject({ code: 'not-found' });
  await expect(createStudioApp({ ...options, defaultModel: 'third' })).rejects.toMatchObject({ code: 'no-model' });
  await expect(createStudioApp({ ...options, models: [{ name: '../x', file: 'x' }] })).rejects.toMatchObject({ code: 'bad-model-name' });
  await expect(createStudioApp({ ...options, models: [{ name: 'x', file: join(dir, 'secret.txt') }] })).rejects.toMatchObject({ name: 'UserError' });
  expect(await readFile(join(dir, 'secret.txt'), 'utf8')).toBe('not for anyone');
});

test('labelling and runs are for the studio’s own page only, and say null when none was given', async () => {
  expect(await (await app.request('/api/labelling')).json()).toBeNull();
  expect(await (await app.request('/api/runs')).json()).toBeNull();
  const decided: unknown[] = [];
  const desk = {
    overview: () => ({ store: 's' }),
    next: () => [],
    image: async (id: number) => (id === 7 ? Uint8Array.of(1, 2) : undefined),
    decide: async (decision: unknown) => void decided.push(decision),
    undo: async () => undefined,
  } as unknown as StudioAppOptions['desk'];
  const labelling = await createStudioApp({ ...options, desk });
  const post = (body: string, headers: Record<string, string> = {}) =>
    labelling.request('http://localhost/api/labelling/decisions', { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } });
  const decision = JSON.stringify({ id: 7, action: 'relabel', to: 'happy' });
  expect((await post(decision, { Origin: 'http://elsewhere.test' })).status).toBe(403);
  expect((await labelling.request('http://elsewhere.test/api/labelling')).status).toBe(403);
  expect((await labelling.request('http://elsewhere.test/api/runs')).status).toBe(403);
  expect((await post(decision, { 'Content-Type': 'text/plain' })).status).toBe(415);
  for (const wrong of ['', '{}', '{"id":7,"action":"relabel"}', '{"id":-1,"action":"keep"}']) expect((await post(wrong)).status, wrong).toBe(400);
  expect((await post(`{"id":7,"action":"keep","more":"${'x'.repeat(5000)}"}`)).status).toBe(413);
  expect(decided).toEqual([]);
  expect((await post(decision)).status).toBe(200);
  expect(decided).toEqual([{ id: 7, action: 'relabel', to: 'happy' }]);
  expect(new Uint8Array(await (await labelling.request('/api/labelling/images/7')).arrayBuffer())).toEqual(Uint8Array.of(1, 2));
  expect((await labelling.request('/api/labelling/images/8')).status).toBe(404);
});
