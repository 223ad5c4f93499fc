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
