import { expect, test } from 'vitest';
import { MienClient, type MienClientOptions, MienServiceError } from './mien-client.ts';

interface Call {
  readonly url: string;
  readonly init: RequestInit;
}

/** A client whose fetch gives these answers, one after another. */
function clientOf(answers: readonly Response[], options: Partial<MienClientOptions> = {}): { client: MienClient; calls: Call[] } {
  const calls: Call[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    calls.push({ url, init });
    return answers[calls.length - 1]!;
  };
  return { client: new MienClient({ url: 'http://mien.example/faces//', fetch: fetch as typeof globalThis.fetch, ...options }), calls };
}
const problem = (status: number, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ status, detail: 'in detail', code: 'a-code', requestId: 'an-id' }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
const image = Uint8Array.of(1, 2, 3);

test('asks at the address given, with the options in it and the token in a header', async () => {
  const { client, calls } = clientOf([Response.json({ faces: [] }), Response.json({ models: [] })], { token: 'a-token' });
  await client.recognise(image, { detect: 'none', threshold: 0.5, model: undefined });
  await client.models();
  expect(calls[0]).toMatchObject({
    url: 'http://mien.example/faces/v1/recognise?detect=none&threshold=0.5',
    init: { method: 'POST', headers: { Authorization: 'Bearer a-token' } },
  });
  expect([...new Uint8Array(await (calls[0]!.init.body as Blob).arrayBuffer())]).toEqual([1, 2, 3]);
  expect(calls[1]!.url).toBe('http://mien.example/faces/v1/models');
  expect(calls[1]!.init.method).toBeUndefined();
});

test('many images go as one form', async () => {
  const { client, calls } = clientOf([Response.json({ results: [] })]);
  await client.recogniseMany([image, new Blob([image])]);
  expect((calls[0]!.init.body as FormData).getAll('image')).toHaveLength(2);
});

test('a refusal for now is tried again after the pause it asks for, and no more often than allowed', async () => {
  const { client, calls } = clientOf([problem(429, { 'retry-after': '0' }), problem(503, { 'retry-after': '0' }), Response.json({ faces: [] })]);
  expect(await client.recognise(image)).toEqual({ faces: [] });
  expect(calls).toHaveLength(3);
  const never = clientOf([problem(429, { 'retry-after': '0' }), problem(429, { 'retry-after': '7' })], { retries: 1 });
  await expect(never.client.recognise(image)).rejects.toMatchObject({ status: 429, retryAfterS: 7 });
  const long = clientOf([problem(503, { 'retry-after': '3600' })]);
  await expect(long.client.recognise(image)).rejects.toMatchObject({ status: 503 });
  expect(long.calls).toHaveLength(1);
});

test('any other refusal is told at once, with all there is to know', async () => {
  const { client, calls } = clientOf([problem(422)]);
  const error = await client.explain(image).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(MienServiceError);
  expect(error).toMatchObject({ status: 422, code: 'a-code', message: 'in detail', requestId: 'an-id', retryAfterS: undefined });
  expect(calls).toHaveLength(1);
});

test('an answer of something else is named as that', async () => {
  const { client } = clientOf([new Response('<html>', { status: 502 })]);
  await expect(client.models()).rejects.toMatchObject({ status: 502, code: 'not-mien' });
});

test('an abort ends a pause', async () => {
  const { client } = clientOf([problem(429, { 'retry-after': '9' })]);
  const abort = new AbortController();
  const asked = client.recognise(image, { signal: abort.signal });
  setTimeout(() => abort.abort(new Error('enough')), 20);
  await expect(asked).rejects.toThrow('enough');
});

test('ready tells yes from no', async () => {
  const { client } = clientOf([Response.json({}), Response.json({}, { status: 503 })]);
  expect([await client.ready(), await client.ready()]).toEqual([true, false]);
});
