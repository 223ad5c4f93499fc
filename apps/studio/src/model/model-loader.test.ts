import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RecognitionClient } from '../recognition/recognition-client.ts';
import { ModelLoader, modelOf } from './model-loader.ts';

const listed = (name: string) => ({ name, url: `/models/${name}.onnx`, bytes: 1, card: { name } });
const answers: Record<string, unknown> = {
  '/api/models': { default: 'thorough', live: 'light', models: [listed('thorough'), listed('light'), listed('other')] },
  '/api/runtime': {},
};
const loads: string[] = [];

/** Takes every model at once. */
const client = {
  run: async (task: { model: { name: string } }) => {
    loads.push(task.model.name);
  },
} as unknown as RecognitionClient;

beforeEach(() => {
  vi.stubGlobal('fetch', async (url: string) => new Response(JSON.stringify(answers[url])));
  loads.length = 0;
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const inUse = (loader: ModelLoader): string | undefined => modelOf(loader.state.value)?.name;

test('pictures and cameras have defaults of their own; a model that is loaded still is not loaded again', async () => {
  const loader = new ModelLoader(() => client);
  await loader.load();
  expect([inUse(loader), loader.state.value.kind]).toEqual(['thorough', 'ready']);
  loader.readWith('video');
  expect([inUse(loader), loader.state.value.kind]).toEqual(['light', 'listed']);
  loader.readWith('pictures');
  await loader.load();
  expect([inUse(loader), loader.state.value.kind]).toEqual(['thorough', 'ready']);
  expect(loads).toEqual(['thorough']);
});

test('a page that reads films, opened first, begins with the light model', async () => {
  const loader = new ModelLoader(() => client);
  const listing = loader.list();
  loader.readWith('video');
  await listing;
  expect(inUse(loader)).toBe('light');
});

test('what a person has chosen stays, whatever is read', async () => {
  const loader = new ModelLoader(() => client);
  await loader.load('other');
  loader.readWith('video');
  expect(inUse(loader)).toBe('other');
  loader.readWith('pictures');
  expect(inUse(loader)).toBe('other');
});

test('a model made in the tab serves every page; forgotten, each has its default again', async () => {
  vi.stubGlobal('URL', { createObjectURL: () => 'blob:mine', revokeObjectURL: () => {} });
  const loader = new ModelLoader(() => client);
  await loader.list();
  loader.readWith('video');
  loader.useOwn(new Uint8Array(1), { name: 'mine' } as never);
  loader.readWith('pictures');
  expect([inUse(loader), loader.hasOwn]).toEqual(['mine', true]);
  loader.readWith('video');
  loader.forgetOwn();
  expect([inUse(loader), loader.hasOwn]).toEqual(['light', false]);
  loader.readWith('pictures');
  expect(inUse(loader)).toBe('thorough');
});

test('of two loads at once the later one counts', async () => {
  const loader = new ModelLoader(() => client);
  await loader.list();
  await Promise.all([loader.load('other'), loader.load('light')]);
  expect([inUse(loader), loader.state.value.kind]).toEqual(['light', 'ready']);
  await loader.load('other');
  expect(loads).toEqual(['other', 'light', 'other']);
  // Gone and back while it is on its way: the same load.
  await Promise.all([loader.load('light'), loader.load('light')]);
  expect(loads).toEqual(['other', 'light', 'other', 'light']);
});

/** Answers each load when the test says so. */
function heldClient(): { client: RecognitionClient; finish: (name: string, error?: Error) => Promise<void> } {
  const waiting: { name: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  const run = ({ model: { name } }: { model: { name: string } }) => {
    loads.push(name);
    return new Promise<void>((resolve, reject) => waiting.push({ name, resolve, reject }));
  };
  const finish = async (name: string, error?: Error): Promise<void> => {
    const [load] = waiting.splice(
      waiting.findIndex((each) => each.name === name),
      1,
    );
    if (error) load!.reject(error);
    else load!.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { client: { run } as unknown as RecognitionClient, finish };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the load that was asked for last counts, whichever ends first', async () => {
  const { client: held, finish } = heldClient();
  const loader = new ModelLoader(() => held);
  await loader.list();
  const overtaken = loader.load('thorough');
  await turn();
  const last = loader.load('light');
  await turn();
  await finish('light');
  await finish('thorough');
  expect(await Promise.all([overtaken, last])).toEqual([true, true]);
  expect([inUse(loader), loader.state.value.kind]).toEqual(['light', 'ready']);
  // What was overtaken is not in the worker.
  const again = loader.load('thorough');
  await turn();
  expect(loads).toEqual(['thorough', 'light', 'thorough']);
  await finish('thorough');
  expect(await again).toBe(true);
});

test('there and back again: the first of two loads of a model is not taken for the second', async () => {
  const { client: held, finish } = heldClient();
  const loader = new ModelLoader(() => held);
  await loader.list();
  const all: Promise<boolean>[] = [];
  for (const name of ['other', 'light', 'other']) {
    all.push(loader.load(name));
    await turn();
  }
  await finish('other');
  expect(loader.state.value.kind).toBe('loading');
  await finish('light');
  await finish('other');
  expect([inUse(loader), loader.state.value.kind]).toEqual(['other', 'ready']);
  expect(await Promise.all(all)).toEqual([false, false, true]);
});

test('after a crash of the worker the model is gone: it can be loaded anew', async () => {
  const loader = new ModelLoader(() => client);
  await loader.load('other');
  loader.lost('out of memory');
  expect(loader.state.value).toMatchObject({ kind: 'failed', message: 'out of memory' });
  expect(await loader.load()).toBe(true);
  expect([inUse(loader), loader.state.value.kind, loads]).toEqual(['other', 'ready', ['other', 'other']]);
});
