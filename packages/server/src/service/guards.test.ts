/** The small guards in front of the work: tokens, rates, memory for bodies, kinds of files. */
import { expect, test } from 'vitest';
import { Admission } from './admission.ts';
import { checkImage, isTakenImage, videoContainer } from './media-kind.ts';
import { isLoopback } from './origin-guard.ts';
import { RateLimit } from './rate-limit.ts';
import { readBody } from './read-body.ts';
import { requestId } from './request-log.ts';
import { Tokens } from './tokens.ts';

const good = 'a'.repeat(32);
const other = 'b'.repeat(20);

test('a token of the list lets in, by a name that does not show it', () => {
  const tokens = new Tokens([good, other]);
  expect(tokens.check(`Bearer ${good}`)).toBe('token-0');
  expect(tokens.check(`bearer ${other}`)).toBe('token-1');
  for (const header of [
    undefined,
    '',
    'Bearer',
    `Bearer ${good}x`,
    `Bearer ${good.slice(1)}`,
    `Basic ${good}`,
    `Bearer  ${good}`,
    `Bearer ${good} ${other}`,
    'Bearer \0',
  ]) {
    expect(() => tokens.check(header), String(header)).toThrow(expect.objectContaining({ code: 'unauthorised' }));
  }
});

test('no token means none is asked for; weak ones are refused', () => {
  expect(new Tokens([]).check(undefined)).toBeUndefined();
  for (const token of ['', 'short', `${good} `, `${good}\n`, 'ä'.repeat(20)])
    expect(() => new Tokens([token])).toThrow(expect.objectContaining({ code: 'bad-token' }));
});

test('a bucket takes a burst, then what flows in, for each client by itself', () => {
  let now = 0;
  const limit = new RateLimit(2, 4, () => now);
  for (let i = 0; i < 4; i++) limit.take('a', 1);
  expect(() => limit.take('a', 1)).toThrow(expect.objectContaining({ code: 'rate-limited', retryAfterS: 1 }));
  limit.take('b', 1);
  now = 500;
  limit.take('a', 1);
  expect(() => limit.take('a', 1)).toThrow();
  now = 1e6;
  for (let i = 0; i < 4; i++) limit.take('a', 1);
  expect(() => limit.take('a', 1)).toThrow();
});

test('a large request sinks the bucket, and the time to wait says so', () => {
  const limit = new RateLimit(10, 20, () => 0);
  limit.take('a', 60);
  expect(() => limit.take('a', 1)).toThrow(expect.objectContaining({ retryAfterS: 5 }));
});

test('clients are forgotten, the longest unseen first; a limit of 0 remembers none', () => {
  const limit = new RateLimit(1, 1, () => 0);
  for (let i = 0; i < 12_000; i++) limit.take(`client-${i}`, 1);
  expect(limit.clients).toBe(10_000);
  expect(() => limit.take('client-11999', 1)).toThrow();
  const none = new RateLimit(0, 1);
  for (let i = 0; i < 9; i++) none.take('a', 1);
  expect(none.clients).toBe(0);
});

test('bodies are held up to a limit, given back once, and one alone may always come', () => {
  const admission = new Admission(100);
  const first = admission.hold(150);
  expect(() => admission.hold(1)).toThrow(expect.objectContaining({ code: 'queue-full', retryAfterS: 1 }));
  first();
  first();
  expect(admission.heldBytes).toBe(0);
  admission.hold(60);
  admission.hold(40);
  expect(() => admission.hold(1)).toThrow();
});

const request = (body: BodyInit | ReadableStream, headers: Record<string, string> = {}): Request =>
  new Request('http://localhost/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

test('a body is read to its end, one that is announced too large not at all, one in chunks only as far as allowed', async () => {
  expect([...(await readBody(request(Uint8Array.of(1, 2, 3)), 3))]).toEqual([1, 2, 3]);
  await expect(readBody(request('x', { 'content-length': '5000000000' }), 1000)).rejects.toMatchObject({ code: 'body-too-large' });
  let pulled = 0;
  const endless = new ReadableStream({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  await expect(readBody(request(endless), 5000)).rejects.toMatchObject({ code: 'body-too-large' });
  expect(pulled).toBeLessThan(10);
});

test('a body that breaks off is the client’s doing; a compressed one is refused', async () => {
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) });
  await expect(readBody(request(broken), 1000)).rejects.toMatchObject({ code: 'client-gone' });
  await expect(readBody(request('x', { 'content-encoding': 'gzip' }), 1000)).rejects.toMatchObject({ code: 'unsupported-media-type' });
});

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

test('files are known by their first bytes', () => {
  for (const head of ['\xff\xd8\xff\xe0', '\x89PNG\r\n\x1a\n', 'RIFF0000WEBPVP8 ', 'GIF89a', 'GIF87a', '\0\0\0\x1cftypavif'])
    expect(isTakenImage(bytes(head)), head).toBe(true);
  for (const head of ['<svg xmlns=', '<?xml', 'II*\0', 'MM\0*', '%PDF-1.7', 'PK\x03\x04', 'RIFF0000AVI ', '\0\0\0\x1cftypheic', '\x1f\x8b', 'x', '\xff\xd8']) {
    expect(isTakenImage(bytes(head)), head).toBe(false);
    expect(() => checkImage(bytes(head))).toThrow(expect.objectContaining({ code: 'unsupported-media-type' }));
  }
  expect(() => checkImage(new Uint8Array())).toThrow(expect.objectContaining({ code: 'unreadable-image' }));
  expect([videoContainer(bytes('\0\0\0\x1cftypisom')), videoContainer(bytes('\x1a\x45\xdf\xa3'))]).toEqual(['mov', 'matroska']);
  for (const head of ['#EXTM3U\n', 'ffconcat version 1.0', 'v=0\r\no=', '\0\0\0\x1cftypavif', '\xff\xd8\xff'])
    expect(videoContainer(bytes(head)), head).toBeUndefined();
});

test('only this machine’s own addresses are loopback', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) expect(isLoopback(host)).toBe(true);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.0.0.1.example.org', '']) expect(isLoopback(host)).toBe(false);
});

test('a request id is taken over where it is harmless', () => {
  expect(requestId('abcdef-12345')).toBe('abcdef-12345');
  for (const given of [undefined, '', 'short', 'a b c d e f g h', 'x\r\nSet-Cookie: a', '<script>alert(1)', 'x'.repeat(65)])
    expect(requestId(given)).toMatch(/^[0-9a-f-]{36}$/);
});
