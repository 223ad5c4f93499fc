/** Against a hub of our own on this machine: answers as the Hugging Face hub gives them, and as they should never be. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { UserError } from '@mien/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder } from './cache-folder.ts';
import { findPulled, planPull, type PullPlan, pullWeights } from './pull-weights.ts';

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);
const sha256 = createHash('sha256').update(content).digest('hex');

/** How the hub of a test differs from a good one. */
interface Manners {
  etag?: string | undefined;
  size?: string;
  ranges?: boolean;
  storage?: (request: IncomingMessage, response: ServerResponse) => void;
  status?: number;
  /** What it tells of a repository. */
  about?: string;
}

const server = createServer((request, response) => answer(request, response));
let endpoint: string;
let cache: string;
let manners: Manners;
let seen: { method: string; path: string; range: string | undefined }[];

/** The hub itself redirects, with what it knows in its headers; `/storage` has the bytes. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url!;
  seen.push({ method: request.method!, path, range: request.headers.range });
  if (manners.status) {
    response.writeHead(manners.status).end();
  } else if (path === '/timm/resnet18.a1_in1k/resolve/main/model.safetensors') {
    const headers: Record<string, string> = {
      location: '/storage?signed=1',
      'x-linked-size': manners.size ?? String(content.length),
      'x-repo-commit': 'c0ffee',
    };
    const etag = 'etag' in manners ? manners.etag : `"${sha256}"`;
    response.writeHead(302, etag === undefined ? headers : { ...headers, 'x-linked-etag': etag }).end();
  } else if (path === '/someone/faces/resolve/main/model.safetensors') {
    response.writeHead(302, { location: '/storage', 'x-linked-size': String(content.length), 'x-linked-etag': `"${sha256}"` }).end();
  } else if (path === '/api/models/someone/faces/revision/main') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(manners.about ?? '{"id":"someone/faces","cardData":{"license":"cc-by-nc-4.0"}}');
  } else if (!path.startsWith('/storage')) {
    response.writeHead(404).end();
  } else if (request.method === 'HEAD') {
    response.writeHead(403).end();
  } else if (manners.storage) {
    manners.storage(request, response);
  } else {
    const start = manners.ranges === false ? 0 : Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const body = content.subarray(start);
    const length = { 'content-length': String(body.length) };
    if (start) response.writeHead(206, { ...length, 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` });
    else response.writeHead(200, length);
    response.end(body);
  }
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'mien-pull-'));
  manners = {};
  seen = [];
});
afterEach(() => rmSync(cache, { recursive: true }));

const plan = (name = 'resnet18.a1_in1k', more: object = {}): Promise<PullPlan> => planPull(name, { endpoint, cache, ...more });

async function refusal(promise: Promise<unknown>): Promise<UserError> {
  const error = await promise.then(
    () => new Error('was accepted'),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain('\n');
  return error as UserError;
}

/** What an earlier attempt left behind. */
function fetchedBefore({ target }: PullPlan, bytes: Uint8Array): void {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(`${target}.partial`, bytes);
}

/** Everything under the cache. */
const files = (): string[] =>
  readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => e.name);

describe('pulling weights', () => {
  it('tells size, checksum, commit and licence before a byte of the file is sent', async () => {
    const planned = await plan();
    expect(planned).toMatchObject({
      repo: 'timm/resnet18.a1_in1k',
      bytes: content.length,
      sha256,
      commit: 'c0ffee',
      licence: 'apache-2.0',
      model: 'resnet18',
      cached: false,
      damaged: false,
    });
    // The storage's signed addresses refuse HEAD: it must not be asked.
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['HEAD /timm/resnet18.a1_in1k/resolve/main/model.safetensors']);
    expect(files()).toEqual([]);
  });

  it('tells the licence that a repository outside the catalogue states, and asks no further of those it knows', async () => {
    expect(await plan('someone/faces')).toMatchObject({ licence: 'cc-by-nc-4.0', model: undefined });
    for (const about of ['no json', '{"cardData":null}', '{"cardData":{"license":["a","b"]}}', '{"cardData":{"license":"mit; rm x"}}', '[]']) {
      manners = { about };
      expect((await plan('someone/faces')).licence, about).toBeUndefined();
    }
  });

  it('follows the redirect, reports progress, and keeps the file for the next time', async () => {
    const planned = await plan();
    const progress: number[] = [];
    await pullWeights(planned, { onProgress: (bytes) => progress.push(bytes) });
    expect(readFileSync(planned.target).equals(content)).toBe(true);
    expect(files()).toEqual(['model.safetensors']);
    expect(progress.at(-1)).toBe(content.length);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(await findPulled('resnet18.a1_in1k', cache)).toBe(planned.target);
    expect(await findPulled('timm/resnet18.a1_in1k', cache)).toBe(planned.target);

    seen = [];
    const again = await plan();
    expect(again.cached).toBe(true);
    await pullWeights(again);
    expect(seen.filter(({ method }) => method === 'GET')).toEqual([]);
  });

  it('goes on from where an interrupted download ended', async () => {
    const planned = await plan();
    let connection: ServerResponse | undefined;
    manners.storage = (_request, response) => {
      connection = response.writeHead(200, { 'content-length': String(content.length) });
      response.write(content.subarray(0, 100_000));
    };
    const error = await refusal(pullWeights(planned, { onProgress: (bytes) => bytes === 100_000 && connection?.destroy() }));
    expect(error.code).toBe('interrupted');
    expect(error.message).toMatch(/ended at 0\.1 MB of 0\.3 MB \(.+\); run it again to go on from there/);
    expect(files()).toEqual(['model.safetensors.partial']);
    expect(await findPulled('resnet18.a1_in1k', cache)).toBeUndefined();

    seen = [];
    manners = {};
    await pullWeights(planned);
    expect(seen.find(({ method }) => method === 'GET')!.range).toBe('bytes=100000-');
    expect(readFileSync(planned.target).equals(content)).toBe(true);
    expect(files()).toEqual(['model.safetensors']);
  });

  it('a server without ranges sends all of it again, and the file is right', async () => {
    const planned = await plan();
    fetchedBefore(planned, content.subarray(0, 100_000));
    manners.ranges = false;
    await pullWeights(planned);
    expect(readFileSync(planned.target).equals(content)).toBe(true);
  });

  it('stops when it is told to, and keeps what came', async () => {
    const planned = await plan();
    manners.storage = (_request, response) => {
      response.writeHead(200, { 'content-length': String(content.length) });
      response.write(content.subarray(0, 50_000));
    };
    const abort = new AbortController();
    const error = await refusal(pullWeights(planned, { signal: abort.signal, onProgress: (bytes) => bytes >= 50_000 && abort.abort() }));
    expect(error.message).toMatch(/interrupted/);
    expect(readFileSync(`${planned.target}.partial`).equals(content.subarray(0, 50_000))).toBe(true);
  });

  it('what has the wrong checksum never stands under the name, and is not gone on from', async () => {
    manners.etag = `"${'0'.repeat(64)}"`;
    const planned = await plan();
    const error = await refusal(pullWeights(planned));
    expect(error.code).toBe('wrong-checksum');
    expect(error.message).toContain(`expected sha256 ${'0'.repeat(64)}, what came has ${sha256}`);
    expect(files()).toEqual([]);
  });

  it('a partial file with damage inside is found by the checksum', async () => {
    const planned = await plan();
    fetchedBefore(planned, new Uint8Array(1000));
    expect((await refusal(pullWeights(planned))).code).toBe('wrong-checksum');
    await pullWeights(planned);
    expect(readFileSync(planned.target).equals(content)).toBe(true);
  });

  it('a cached file that was damaged since is fetched again', async () => {
    const planned = await plan();
    await pullWeights(planned);
    expect(await plan()).toMatchObject({ cached: true, damaged: false });
    writeFileSync(planned.target, new Uint8Array(content.length));
    expect(await plan()).toMatchObject({ cached: false, damaged: true });
    await pullWeights(planned);
    expect(readFileSync(planned.target).equals(content)).toBe(true);
    writeFileSync(planned.target, content.subarray(1));
    expect(await plan()).toMatchObject({ cached: false, damaged: true });
  });

  it('two at once: the second is told to wait', async () => {
    const planned = await plan();
    const results = await Promise.allSettled([pullWeights(planned), pullWeights(planned)]);
    const failed = results.filter((r) => r.status === 'rejected');
    expect(failed.map((r) => (r.reason as UserError).code)).toEqual(['busy']);
    expect(files()).toEqual(['model.safetensors']);
  });

  it('a lock left by a process that died does not stay in the way', async () => {
    const planned = await plan();
    mkdirSync(dirname(planned.target), { recursive: true });
    writeFileSync(`${planned.target}.lock`, '999999999');
    await pullWeights(planned);
    expect(files()).toEqual(['model.safetensors']);
  });

  it.each<[string, string, Manners]>([
    ['more bytes than announced', 'bad-answer', { storage: (_, response) => response.end(new Uint8Array(content.length + 1)) }],
    ['fewer bytes than announced', 'interrupted', { storage: (_, response) => response.end(content.subarray(0, 10)) }],
    ['no such file', 'no-such-weights', { status: 404 }],
    ['a gate', 'no-access', { status: 401 }],
    ['a failure', 'server-error', { status: 503 }],
    ['a circle of redirects', 'bad-answer', { storage: (_, response) => response.writeHead(302, { location: '/storage' }).end() }],
    ['a redirect to a file of this machine', 'bad-answer', { storage: (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end() }],
  ])('%s on the way: %s', async (_, code, next) => {
    const planned = await plan();
    manners = next;
    expect((await refusal(pullWeights(planned))).code).toBe(code);
    expect(existsSync(planned.target)).toBe(false);
  });

  it('a range the server does not have starts over, at the second attempt', async () => {
    const planned = await plan();
    fetchedBefore(planned, content.subarray(0, 1000));
    manners.status = 416;
    expect((await refusal(pullWeights(planned))).code).toBe('bad-range');
    manners = {};
    seen = [];
    await pullWeights(planned);
    expect(seen.find(({ method }) => method === 'GET')!.range).toBeUndefined();
  });

  it.each<[string, string, string, object, Manners]>([
    ['a name that is in no catalogue', 'unknown-weights', 'resnet19', {}, {}],
    ['a name that leaves the hub', 'bad-name', '../../etc/passwd', {}, {}],
    ['dots for an owner', 'bad-name', '../x', {}, {}],
    ['a repository that is not there', 'no-such-weights', 'timm/nothing', {}, {}],
    ['no checksum', 'no-checksum', 'resnet18.a1_in1k', {}, { etag: undefined }],
    ['a checksum of another kind', 'no-checksum', 'resnet18.a1_in1k', {}, { etag: '"da39a3ee5e6b4b0d3255bfef95601890afd80709"' }],
    ['another checksum than the one given', 'wrong-checksum', 'resnet18.a1_in1k', { sha256: '1'.repeat(64) }, {}],
    ['a given checksum that is none', 'bad-option', 'resnet18.a1_in1k', { sha256: 'abc' }, {}],
    ['no size', 'bad-answer', 'resnet18.a1_in1k', {}, { size: 'many' }],
    ['an endpoint that is no address', 'bad-endpoint', 'resnet18.a1_in1k', { endpoint: 'huggingface' }, {}],
    ['an endpoint that is a file', 'bad-endpoint', 'resnet18.a1_in1k', { endpoint: 'file:///tmp' }, {}],
    ['a server that is not there', 'unreachable', 'resnet18.a1_in1k', { endpoint: 'http://127.0.0.1:1' }, {}],
  ])('is not planned with %s: %s', async (_, code, name, more, next) => {
    manners = next;
    expect((await refusal(plan(name, more))).code).toBe(code);
  });

  it('a checksum from elsewhere stands in for one the hub does not tell', async () => {
    manners.etag = undefined;
    const planned = await plan('resnet18.a1_in1k', { sha256: sha256.toUpperCase() });
    await pullWeights(planned);
    expect(readFileSync(planned.target).equals(content)).toBe(true);
  });

  it('names of the catalogue are listed when one is wrong', async () => {
    expect((await refusal(plan('resnet19'))).message).toMatch(/there are resnet18\.a1_in1k, .*vit_small/);
  });
});

it('the cache follows MIEN_CACHE, then XDG_CACHE_HOME where it is absolute', () => {
  expect(cacheFolder({ MIEN_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/mien');
  expect(cacheFolder({ XDG_CACHE_HOME: 'b' })).toMatch(/\.cache\/mien$/);
  expect(cacheFolder({})).toMatch(/\.cache\/mien$/);
});
