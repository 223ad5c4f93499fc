/** `mien serve` as an operator meets it: what it refuses, what it prints, how it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const photo = new Uint8Array(readFileSync(join(root, 'node_modules/@vladmandic/face-api/demo/sample1.jpg')));

interface Served {
  readonly child: ChildProcess;
  /** The first line of standard output. */
  readonly url: Promise<string>;
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
}

function serve(args: readonly string[], env: Record<string, string> = {}): Served {
  const child = spawn(process.execPath, [join(root, 'packages/cli/bin/mien.js'), 'serve', ...args], { env: { ...process.env, ...env } });
  let out = '';
  let err = '';
  child.stderr.on('data', (data) => {
    err += data;
  });
  const url = new Promise<string>((resolve) => {
    child.stdout.on('data', (data) => {
      out += data;
      if (out.includes('\n')) resolve(out.trim());
    });
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  return { child, url, ended };
}

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mien-serve-'));
  writeFileSync(join(dir, 'tokens'), `# one a line\n${'a'.repeat(32)}\n\n${'b'.repeat(32)}\n`);
  writeFileSync(join(dir, 'none'), '# nothing yet\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.each([
  [['--host', '0.0.0.0'], /host 0\.0\.0\.0: .* a token is needed/],
  [['--token-file', '/nowhere/token'], /--token-file \/nowhere\/token: cannot be read \(ENOENT\)/],
  [['--token-file', 'NONE'], /expected one token a line, found none/],
  [['--model', 'nope'], /nope: no such file, and no released model/],
  [['--port', 'web'], /--port: expected a port/],
  [['--queue', '0'], /--queue 0: expected a whole number/],
  [['--allow-origin', 'example.org'], /origin example\.org: expected scheme and host/],
])('%j is refused in one line', async (args, message) => {
  const { code, out, err } = await serve(args.map((arg) => (arg === 'NONE' ? join(dir, 'none') : arg))).ended;
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(message);
  expect(err.trim().split('\n')).toHaveLength(1);
});

it('with a token file it serves those who have a token, logs without them, and finishes on SIGTERM what it accepted', async () => {
  const { child, url, ended } = serve(['--port', '0', '--workers', '1', '--token-file', join(dir, 'tokens')]);
  const address = await url;
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(`${address}/v1/models`)).status).toBe(401);
  const token = 'b'.repeat(32);
  const answer = fetch(`${address}/v1/recognise`, { method: 'POST', body: photo, headers: { Authorization: `Bearer ${token}` } });
  // Accepted once the body has its place in memory.
  const metrics = async (): Promise<string> => (await fetch(`${address}/metrics`, { headers: { Authorization: `Bearer ${token}` } })).text();
  while (!/^mien_images_in_work 1$/m.test(await metrics())) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGTERM');
  expect((await answer).status).toBe(200);
  const { code, err } = await ended;
  expect(code).toBe(0);
  expect(err).toContain('"route":"/v1/recognise","status":200');
  expect(err).not.toContain(token);
  expect(err).not.toContain('127.0.0.1"');
});
