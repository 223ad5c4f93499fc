import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import type { Hono } from 'hono';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunList, RunStart } from './api.ts';
import type { RunDesk } from './run-desk.ts';
import { runRoutes } from './run-routes.ts';

let dir: string;
let app: Hono;
let desk: FakeDesk;

/** Runs nothing, but keeps what it is asked. */
class FakeDesk implements RunDesk {
  readonly start = { recipes: ['small'], data: 'faces' };
  readonly began: RunStart[] = [];
  readonly names = new Set<string>();
  readonly judged: string[] = [];
  running = () => this.names;
  failures = () => [];
  async begin(run: RunStart): Promise<void> {
    if (run.recipe !== 'small') throw new UserError('no-recipe', 'expected small');
    this.began.push(run);
    this.names.add(run.name);
  }
  async resume(name: string): Promise<void> {
    this.names.add(name);
  }
  stop(name: string): void {
    if (!this.names.delete(name)) throw new UserError('not-ours', 'it was not started here');
  }
  async judgement(name: string, at: string, again: boolean) {
    this.judged.push(name);
    return { state: 'none', code: 'test', reason: `${at} ${again}` } as const;
  }
  async image(_name: string, row: number): Promise<Uint8Array | undefined> {
    return row === 7 ? Uint8Array.of(1, 2) : undefined;
  }
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mien-run-routes-'));
  await mkdir(join(dir, 'old one'));
  await writeFile(join(dir, 'old one/log.jsonl'), '{"type":"start","epochs":3}\n');
  await writeFile(join(dir, 'old one/recipe.json'), '{"name":"small"}');
  desk = new FakeDesk();
  app = runRoutes(dir, desk);
});
afterEach(() => rm(dir, { recursive: true }));

const url = (path: string): string => `http://localhost/${path}`;

function post(path: string, body: unknown, headers: Record<string, string> = {}): Response | Promise<Response> {
  return app.request(url(path), { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } });
}

const started: RunStart = { recipe: 'small', name: 'new', data: 'faces', epochs: 2 };

test('a training is started, listed before it has a log, and stopped', async () => {
  const list = (await (await post('', started)).json()) as RunList;
  expect(desk.began).toEqual([started]);
  expect(list.runs.map(({ name, state, ours, resumable }) => [name, state, ours, resumable])).toEqual([
    ['new', 'running', true, false],
    ['old one', 'interrupted', false, true],
  ]);
  expect(list.start).toEqual({ recipes: ['small'], data: 'faces' });
  expect((await post('new/stop', {})).status).toBe(200);
  const again = await post('new/stop', {});
  expect([again.status, await again.json()]).toEqual([409, { error: { code: 'not-ours', message: 'it was not started here' } }]);
});

test('what cannot be started is refused: other pages, names that are paths, unknown fields and recipes', async () => {
  expect((await post('', started, { Origin: 'http://elsewhere.test' })).status).toBe(403);
  expect((await post('', started, { 'Content-Type': 'text/plain' })).status).toBe(415);
  for (const wrong of [{ ...started, name: '../new' }, { ...started, name: '' }, { ...started, epochs: 0.5 }, { ...started, more: 1 }, {}]) {
    expect((await post('', wrong)).status, JSON.stringify(wrong)).toBe(400);
  }
  expect((await post('', { ...started, recipe: 'other' })).status).toBe(409);
  expect(desk.began).toEqual([]);
});

test('an image in a page of another origin begins no work; the own page, the address bar and a program do', async () => {
  const from = async (headers: Record<string, string>): Promise<number> => (await app.request(url('old%20one/judgement?again'), { headers })).status;
  for (const site of ['cross-site', 'same-site']) expect(await from({ 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors' })).toBe(403);
  expect(desk.judged).toEqual([]);
  expect([await from({ 'Sec-Fetch-Site': 'same-origin' }), await from({ 'Sec-Fetch-Site': 'none' }), await from({})]).toEqual([200, 200, 200]);
  expect(desk.judged).toHaveLength(3);
});

test('a listed run is looked into and gone on with, whatever its name; nothing else can be named', async () => {
  expect(await (await app.request(url('old%20one/recipe'))).json()).toEqual({ name: 'small' });
  expect(await (await app.request(url('old%20one/judgement?again'))).json()).toMatchObject({ reason: `${join(dir, 'old one')} true` });
  expect(new Uint8Array(await (await app.request(url('old%20one/images/7'))).arrayBuffer())).toEqual(Uint8Array.of(1, 2));
  expect((await app.request(url('old%20one/images/8'))).status).toBe(404);
  expect(((await (await post('old%20one/resume', {})).json()) as RunList).runs).toMatchObject([{ name: 'old one', ours: true, resumable: false }]);
  for (const name of ['none', '..', '..%2F..', '.']) {
    expect((await app.request(url(`${name}/recipe`))).status, name).toBe(404);
    expect((await app.request(url(`${name}/judgement`))).status, name).toBe(404);
  }
});

test('without a desk runs are followed and compared, and nothing is started', async () => {
  const plain = runRoutes(dir, undefined);
  const list = (await (await plain.request(url(''))).json()) as RunList;
  expect([list.start, list.runs[0]!.resumable]).toEqual([null, false]);
  expect((await plain.request(url('old%20one/recipe'))).status).toBe(200);
  expect((await plain.request(url(''), { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })).status).toBe(404);
});
