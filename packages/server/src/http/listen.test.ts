import { Hono } from 'hono';
import { afterEach, expect, test } from 'vitest';
import { type Listening, listen, parsePort } from './listen.ts';

const app = new Hono().get('/', (c) => c.text('here')) as Hono;
const open: Listening[] = [];
afterEach(async () => {
  for (const listening of open.splice(0)) await listening.close();
});
async function serve(port: number | undefined, firstPort = 4170): Promise<Listening> {
  const listening = await listen(app, { host: '127.0.0.1', port, firstPort });
  open.push(listening);
  return listening;
}

test('port 0 takes a free port, whose address answers until closed', async () => {
  const { url, port, close } = await serve(0);
  expect(url).toBe(`http://127.0.0.1:${port}`);
  expect(await (await fetch(url)).text()).toBe('here');
  open.length = 0;
  await close();
  await expect(fetch(url)).rejects.toThrow();
});

test('a busy port that was asked for is an error, one that was not is passed over', async () => {
  const { port } = await serve(0);
  await expect(serve(port)).rejects.toMatchObject({ code: 'port-busy', message: expect.stringContaining(`port ${port} is in use`) });
  expect((await serve(undefined, port)).port).toBeGreaterThan(port);
});

test('a port is read from text or refused', () => {
  expect([parsePort(undefined, 'PORT'), parsePort('', 'PORT'), parsePort('0', 'PORT'), parsePort(' 8080 ', 'PORT')]).toEqual([undefined, undefined, 0, 8080]);
  for (const text of ['web', '-1', '65536', '80.5', '1e3']) expect(() => parsePort(text, 'PORT')).toThrow(/PORT: expected a port/);
});
