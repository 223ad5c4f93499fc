/** The app without a socket; the work is done in this thread by a network of one matrix. */
import { createSession } from '@mien/onnx/node';
import type { FaceDetector } from '@mien/runtime';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testModel } from '../../../runtime/src/test-model.ts';
import { InlineThread } from './fake-thread.test-helper.ts';
import { defaultLimits, type ServiceLimits } from './limits.ts';
import { RecognitionPool } from './recognition-pool.ts';
import { jsonLog } from './request-log.ts';
import type { Problem } from './schema.ts';
import { createServiceApp, type ServiceAppOptions } from './service-app.ts';
import { ServiceMetrics } from './service-metrics.ts';
import { Tokens } from './tokens.ts';

const model = testModel([0, 0, 0, 4, -4, 0, 0], [-9, -9, -9, -2, 2, -9, -9]);
const detector: FaceDetector = {
  name: 'fixed',
  defaultThreshold: 0.5,
  detect: async (image) => (image.width === 1 ? [] : [{ box: { x: 5, y: 5, width: 10, height: 10 }, score: 0.9 }]),
  release: async () => {},
};
let pool: RecognitionPool;
let white: Uint8Array<ArrayBuffer>;
let dark: Uint8Array<ArrayBuffer>;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  const openThread = (setup: ConstructorParameters<typeof InlineThread>[0]) => new InlineThread(setup, detector, createSession);
  pool = await RecognitionPool.open({ models: [{ name: 'bright', file: 'bright.onnx', bytes: model }], workers: 1, threads: 1, queueLimit: 40, openThread });
  const picture = async (background: string) =>
    new Uint8Array(
      await sharp({ create: { width: 40, height: 30, channels: 3, background } })
        .png()
        .toBuffer(),
    );
  [white, dark] = await Promise.all([picture('#fff'), picture('#000')]);
});
afterAll(() => pool.close());
beforeEach(() => {
  lines.length = 0;
});

function appOf(changes: Partial<Omit<ServiceAppOptions, 'limits'>> & { limits?: Partial<ServiceLimits> } = {}) {
  return createServiceApp({
    pool,
    modelNames: ['bright'],
    version: '0.0.0',
    tokens: new Tokens([]),
    allowedOrigins: [],
    trustedProxies: 0,
    metrics: new ServiceMetrics(),
    log: jsonLog((line) => lines.push(JSON.parse(line) as Record<string, unknown>)),
    video: false,
    isDraining: () => false,
    ...changes,
    limits: { ...defaultLimits, ...changes.limits },
  });
}
const app = { request: (path: string, init?: RequestInit) => appOf().request(path, init) };
const post = (body: BodyInit, headers: Record<string, string> = {}): RequestInit => ({ method: 'POST', body, headers });
function form(field: string, ...files: readonly Uint8Array<ArrayBuffer>[]): FormData {
  const data = new FormData();
  for (const file of files) data.append(field, new Blob([file]), '../../etc/passwd\0.png');
  return data;
}
async function problem(response: Response | Promise<Response>): Promise<Problem> {
  const answer = await response;
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const body = (await answer.json()) as Problem;
  expect(body.status).toBe(answer.status);
  expect(body.requestId).toBe(answer.headers.get('x-request-id'));
  return body;
}

describe('recognition', () => {
  test('one image, as a body or in a form', async () => {
    for (const body of [white, form('image', white)]) {
      const response = await app.request('/v1/recognise', post(body));
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ model: 'bright', width: 40, height: 30, faces: [{ expression: 'happy', detection: 0.9, box: { x: 5 } }] });
    }
    const whole = await app.request('/v1/recognise?detect=none&model=bright', post(dark));
    expect(await whole.json()).toMatchObject({ faces: [{ expression: 'sad', detection: 1, box: { width: 40, height: 30 } }] });
  });

  test('many images, in their order; one at fault has its error in its place', async () => {
    const response = await app.request('/v1/recognise/batch?detect=none', post(form('image', white, Uint8Array.of(1, 2, 3), dark, white.slice(0, 50))));
    expect(response.status).toBe(200);
    const { results } = (await response.json()) as { results: Record<string, unknown>[] };
    expect(results).toMatchObject([
      { width: 40, faces: [{ expression: 'happy' }] },
      { error: { code: 'unsupported-media-type', status: 415 } },
      { faces: [{ expression: 'sad' }] },
      { error: { code: 'unreadable-image', status: 422 } },
    ]);
  });

  test('an explanation', async () => {
    const response = await app.request('/v1/explain?grid=5&label=sad', post(white));
    const body = (await response.json()) as { map: number[][] };
    expect(body).toMatchObject({ label: 'sad', grid: 5, face: { expression: 'happy' } });
    expect([body.map.length, ...body.map.map((row) => row.length)]).toEqual([5, 5, 5, 5, 5, 5]);
    const onePixel = new Uint8Array(
      await sharp({ create: { width: 1, height: 1, channels: 3, background: '#fff' } })
        .png()
        .toBuffer(),
    );
    expect(await problem(app.request('/v1/explain', post(onePixel)))).toMatchObject({ status: 422, code: 'no-face' });
  });

  test('models, with their cards', async () => {
    expect(await (await app.request('/v1/models')).json()).toMatchObject({
      default: 'bright',
      models: [{ name: 'bright', card: { name: 'test', labels: expect.any(Array) } }],
    });
  });
});

describe('refusals are problem documents without internals', () => {
  test.each([
    ['/v1/recognise', post('<svg xmlns="http://www.w3.org/2000/svg"/>'), 415, 'unsupported-media-type'],
    ['/v1/recognise', post(''), 422, 'unreadable-image'],
    ['/v1/recognise', post('x', { 'content-type': 'multipart/form-data; boundary=b' }), 400, 'bad-multipart'],
    ['/v1/recognise', post('x', { 'content-encoding': 'gzip' }), 415, 'unsupported-media-type'],
    ['/v1/recognise', post('x', { 'content-length': '5000000000' }), 413, 'body-too-large'],
    ['/v1/recognise?model=..%2f..%2fetc%2fpasswd', post('x'), 404, 'no-such-model'],
    ['/v1/recognise?model=%00', post('x'), 404, 'no-such-model'],
    ['/v1/recognise?detect=everything', post('x'), 400, 'bad-request'],
    ['/v1/recognise?threshold=NaN', post('x'), 400, 'bad-request'],
    ['/v1/recognise?detct=none', post('x'), 400, 'bad-request'],
    ['/v1/explain?grid=1000000', post('x'), 400, 'bad-request'],
    ['/v1/recognise', { method: 'GET' }, 405, 'bad-method'],
    ['/v1/recognise/../../etc/passwd', { method: 'GET' }, 404, 'not-found'],
    ['/%2e%2e/%2e%2e/etc/passwd', { method: 'GET' }, 404, 'not-found'],
    ['/v1/video', post('x'), 501, 'no-video'],
  ])('%s %# gives %s', async (path, init, status, code) => {
    const body = await problem(app.request(path, init));
    expect(body).toMatchObject({ status, code });
    expect(JSON.stringify(body)).not.toMatch(/vips|sharp|node_modules|\.[tj]s\b|\bat \S+ \(/i);
  });

  test('a form with another field, or with more images than allowed', async () => {
    expect(await problem(app.request('/v1/recognise', post(form('file', white))))).toMatchObject({ code: 'bad-request' });
    expect(await problem(app.request('/v1/recognise', post(form('image', white, white))))).toMatchObject({ code: 'too-many-images' });
    const few = appOf({ limits: { batchImages: 2 } });
    expect(await problem(few.request('/v1/recognise/batch', post(form('image', white, white, white))))).toMatchObject({ status: 413, code: 'too-many-images' });
  });

  test('a picture of too many pixels, by its header alone', async () => {
    const header = Buffer.from(white);
    header.writeUInt32BE(50_000, 16);
    header.writeUInt32BE(50_000, 20);
    expect(await problem(app.request('/v1/recognise', post(new Uint8Array(header))))).toMatchObject({
      status: expect.toSatisfy((s) => s === 413 || s === 422),
    });
    expect(await problem(appOf({ limits: { pixels: 1199 } }).request('/v1/recognise', post(white)))).toMatchObject({ status: 413, code: 'image-too-large' });
  });

  test('a body larger than its limit', async () => {
    const small = appOf({ limits: { imageBytes: 100 } });
    expect(await problem(small.request('/v1/recognise', post(new Uint8Array(101))))).toMatchObject({ status: 413, code: 'body-too-large' });
  });

  test('a bug of ours shows nothing but its request id, and the log has the rest', async () => {
    const broken = appOf({ pool: Object.create(pool, { run: { value: () => Promise.reject(new Error('secret detail')) } }) as RecognitionPool });
    const body = await problem(broken.request('/v1/recognise', post(white)));
    expect(body).toMatchObject({ status: 500, code: 'internal' });
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', id: body.requestId, stack: expect.stringContaining('secret detail') }));
  });
});

describe('who may ask', () => {
  const token = 'k'.repeat(32);

  test('with tokens, everything but health and documentation needs one', async () => {
    const closed = appOf({ tokens: new Tokens([token]) });
    for (const path of ['/v1/models', '/metrics', '/nothing']) {
      const response = await closed.request(path);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await problem(response)).toMatchObject({ status: 401, code: 'unauthorised' });
    }
    for (const path of ['/health', '/ready', '/docs', '/openapi.json']) expect((await closed.request(path)).status).toBe(200);
    expect((await closed.request('/v1/models', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await closed.request('http://service.example/v1/models', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  });

  test('without tokens, only this machine’s own names are answered to', async () => {
    expect(await problem(app.request('http://attacker.example/v1/models'))).toMatchObject({ status: 421, code: 'bad-host' });
    for (const host of ['localhost:4180', '127.0.0.1:4180', '[::1]:4180']) expect((await app.request(`http://${host}/v1/models`)).status).toBe(200);
  });

  test('pages of other origins are refused, allowed ones get their headers', async () => {
    const evil = { origin: 'https://evil.example' };
    const refused = await app.request('/v1/recognise', post(white, evil));
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    expect(await problem(refused)).toMatchObject({ status: 403, code: 'forbidden-origin' });
    expect((await app.request('/v1/recognise', { method: 'OPTIONS', headers: evil })).status).toBe(403);
    const open = appOf({ allowedOrigins: ['https://good.example'] });
    const preflight = await open.request('/v1/recognise', {
      method: 'OPTIONS',
      headers: { origin: 'https://good.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, 'https://good.example']);
    const asked = await open.request('/v1/recognise', post(white, { origin: 'https://good.example' }));
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([200, 'https://good.example']);
    expect((await open.request('/v1/recognise', post(white, evil))).status).toBe(403);
    expect((await app.request('/v1/recognise', post(white, { origin: 'http://localhost' }))).status).toBe(200);
  });

  test('a client that sends too fast waits, whatever it says its address is', async () => {
    const slow = appOf({ limits: { imagesPerSecond: 0.001, burstImages: 3 } });
    const from = (address: string) => slow.request('/v1/recognise?detect=none', post(white, { 'x-forwarded-for': address }));
    expect([(await from('1.1.1.1')).status, (await from('2.2.2.2')).status, (await from('3.3.3.3')).status]).toEqual([200, 200, 200]);
    const refused = await from('4.4.4.4');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1);
    expect(await problem(refused)).toMatchObject({ status: 429, code: 'rate-limited' });
    const behindProxy = appOf({ trustedProxies: 1, limits: { imagesPerSecond: 0.001, burstImages: 1 } });
    const through = async (entries: string) => (await behindProxy.request('/v1/recognise?detect=none', post(white, { 'x-forwarded-for': entries }))).status;
    expect([await through('9.9.9.9, 1.1.1.1'), await through('8.8.8.8, 1.1.1.1'), await through('1.1.1.1, 2.2.2.2')]).toEqual([200, 429, 200]);
  });

  test('clients with one token are one, and behind a proxy each address has its own bucket', async () => {
    const few = { tokens: new Tokens([token]), limits: { imagesPerSecond: 0.001, burstImages: 1 } };
    const [direct, behindProxy] = [appOf(few), appOf({ ...few, trustedProxies: 1 })];
    const from = async (to: typeof direct, entries: string, given = token) =>
      (await to.request('/v1/recognise?detect=none', post(white, { authorization: `Bearer ${given}`, 'x-forwarded-for': entries }))).status;
    expect([await from(direct, '1.1.1.1'), await from(direct, '2.2.2.2')]).toEqual([200, 429]);
    expect([await from(behindProxy, '1.1.1.1'), await from(behindProxy, '2.2.2.2'), await from(behindProxy, '3.3.3.3, 1.1.1.1')]).toEqual([200, 200, 429]);
    expect(await from(behindProxy, '4.4.4.4', 'x'.repeat(32))).toBe(401);
  });

  test('a batch takes as many from the bucket as it has images', async () => {
    const slow = appOf({ limits: { imagesPerSecond: 0.001, burstImages: 4 } });
    expect((await slow.request('/v1/recognise/batch?detect=none', post(form('image', white, white, white, white)))).status).toBe(200);
    expect((await slow.request('/v1/recognise?detect=none', post(white))).status).toBe(429);
  });
});

describe('operation', () => {
  test('a full queue refuses with Retry-After', async () => {
    const response = await appOf().request('/v1/recognise/batch', post(form('image', ...Array.from({ length: 32 }, () => white))));
    expect(response.status).toBe(200);
    const full = appOf({ limits: { batchImages: 50 } });
    const refused = await full.request('/v1/recognise/batch', post(form('image', ...Array.from({ length: 41 }, () => white))));
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await problem(refused)).toMatchObject({ status: 429, code: 'queue-full' });
  });

  test('an answer that comes too late is 504', async () => {
    expect(await problem(appOf({ limits: { deadlineMs: 0 } }).request('/v1/recognise', post(white)))).toMatchObject({ status: 504, code: 'deadline-passed' });
  });

  test('while it shuts down nothing new is taken, and connections end', async () => {
    const draining = appOf({ isDraining: () => true });
    const refused = await draining.request('/v1/recognise', post(white));
    expect([refused.headers.get('connection'), refused.headers.get('retry-after')]).toEqual(['close', '1']);
    expect(await problem(refused)).toMatchObject({ status: 503, code: 'draining' });
    expect([(await draining.request('/health')).status, (await draining.request('/ready')).status]).toEqual([200, 503]);
  });

  test('a body there is no memory for is read to its end all the same, so that its client hears the refusal', async () => {
    let taken = 0;
    const chunks = (count: number) =>
      new ReadableStream({
        pull(controller) {
          if (taken++ < count) controller.enqueue(new Uint8Array(100));
          else controller.close();
        },
      });
    const tight = appOf({ limits: { heldBytes: 1, imageBytes: 1000 } });
    const send = (body: ReadableStream) =>
      tight.request('/v1/recognise', { method: 'POST', body, duplex: 'half', headers: { 'Content-Type': 'application/octet-stream' } } as RequestInit);
    // The first holds all the memory until its body ends.
    const endless = new AbortController();
    const first = send(new ReadableStream({ start: (controller) => endless.signal.addEventListener('abort', () => controller.close()) }));
    expect((await send(chunks(5))).status).toBe(429);
    expect(taken).toBe(6);
    taken = 0;
    expect((await send(chunks(1e6))).status).toBe(429);
    expect(taken).toBeLessThan(20);
    endless.abort();
    await first;
  });

  test('memory set aside for bodies is given back, also after refusals', async () => {
    const tight = appOf({ limits: { heldBytes: 1, imageBytes: 1000 } });
    for (const body of [white, new Uint8Array(5000), Uint8Array.of(1), white]) await tight.request('/v1/recognise', post(body));
    expect((await tight.request('/v1/recognise', post(white))).status).toBe(200);
    expect(await (await tight.request('/metrics')).text()).toMatch(/^mien_body_bytes 0$/m);
  });

  test('metrics count what was done, by names that no request can invent', async () => {
    const counted = appOf();
    await counted.request('/v1/recognise', post(white));
    await counted.request('/v1/recognise', post('junk'));
    await counted.request('/any"} evil{x="');
    const text = await (await counted.request('/metrics')).text();
    expect(text).toContain('mien_http_requests_total{route="/v1/recognise",status="200"} 1');
    expect(text).toContain('mien_http_requests_total{route="other",status="404"} 1');
    expect(text).toContain('mien_refusals_total{code="unsupported-media-type"} 1');
    expect(text).toMatch(/^mien_faces_total 1$/m);
    expect(text).not.toContain('evil');
  });

  test('a line of log has no address, name or picture', async () => {
    await app.request('/v1/recognise?model=bright', post(form('image', white), { 'x-forwarded-for': '203.0.113.7', 'x-request-id': 'caller-0001' }));
    expect(lines).toEqual([
      {
        time: expect.any(String),
        level: 'info',
        message: 'request',
        id: 'caller-0001',
        method: 'POST',
        route: '/v1/recognise',
        status: 200,
        ms: expect.any(Number),
        images: 1,
        faces: 1,
      },
    ]);
  });

  test('security headers stand on every answer, an id that could break a header on none', async () => {
    for (const path of ['/v1/models', '/nothing', '/docs', '/openapi.json']) {
      const { headers } = await app.request(path, { headers: { 'x-request-id': 'a b"; set-cookie: c' } });
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('the document names every address, and the page shows it without a script', async () => {
    const document = (await (await app.request('/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, unknown>;
      components: { schemas: Record<string, unknown> };
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual([
      '/v1/recognise',
      '/v1/recognise/batch',
      '/v1/video',
      '/v1/explain',
      '/v1/models',
      '/health',
      '/ready',
      '/metrics',
    ]);
    const references = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1]!);
    for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name);
    const page = await (await app.request('/docs')).text();
    for (const path of Object.keys(document.paths)) expect(page).toContain(path);
    expect(page).not.toMatch(/<script|https?:\/\/(?!localhost|example)|undefined|\[object/);
    expect((await app.request('/docs/style.css')).headers.get('content-type')).toContain('text/css');
    expect((await app.request('/')).headers.get('location')).toBe('/docs');
  });
});
