import fc from 'fast-check';
import { expect, test } from 'vitest';
import { multipartBoundary, parseMultipart } from './multipart.ts';

const text = (body: string): Uint8Array => new Uint8Array(Buffer.from(body, 'latin1'));
const part = (header: string, content: string): string => `--b\r\n${header}\r\n\r\n${content}\r\n`;
const disposition = 'Content-Disposition: form-data; name="image"; filename="a.png"';

test('what a form holds comes out as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 }), async (files) => {
      const form = new FormData();
      for (const file of files) form.append('image', new Blob([new Uint8Array(file)]), 'any.png');
      const response = new Response(form);
      const boundary = multipartBoundary(response.headers.get('content-type'))!;
      const parts = parseMultipart(new Uint8Array(await response.arrayBuffer()), boundary, 6);
      expect(parts.map(({ name, bytes }) => [name, [...bytes]])).toEqual(files.map((file) => ['image', [...file]]));
    }),
    { numRuns: 60 },
  );
});

test('whatever comes, the parser ends, and refuses with its own errors only', () => {
  const pieces = fc.constantFrom('--b', '\r\n', '--', '\r\n--b', '\r\n\r\n', disposition, 'x', '\0', 'name="', ';');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 25 }), (tokens) => {
      try {
        expect(parseMultipart(text(tokens.join('')), 'b', 3).length).toBeLessThanOrEqual(3);
      } catch (error) {
        expect(error).toMatchObject({ name: 'ServiceError' });
      }
    }),
    { numRuns: 500 },
  );
});

test('preamble and epilogue are left out, content may look like a boundary', () => {
  const body = `preamble\r\n${part(disposition, '--b inside\r\n--c')}--b--\r\nepilogue`;
  expect(parseMultipart(text(body), 'b', 1).map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['--b inside\r\n--c']);
});

test.each([
  ['nothing', ''],
  ['no boundary', 'junk'],
  ['no end', part(disposition, 'x')],
  ['cut inside the header', `--b\r\n${disposition}`],
  ['a header without end', `--b\r\n${'x'.repeat(5000)}\r\n\r\ny\r\n--b--`],
  ['no disposition', `${part('Content-Type: image/png', 'x')}--b--`],
  ['no name', `${part('Content-Disposition: form-data', 'x')}--b--`],
  ['an attachment', `${part('Content-Disposition: attachment; name="image"', 'x')}--b--`],
  ['junk after a boundary', `--bjunk\r\n${disposition}\r\n\r\nx\r\n--b--`],
])('%s is malformed', (_what, body) => {
  expect(() => parseMultipart(text(body), 'b', 9)).toThrow(expect.objectContaining({ code: 'bad-multipart' }));
});

test('more parts than allowed are refused before they are looked at', () => {
  const body = text(`${part(disposition, 'x').repeat(100_000)}--b--`);
  expect(() => parseMultipart(body, 'b', 32)).toThrow(expect.objectContaining({ code: 'too-many-images' }));
});

test('a boundary is read from the header, or refused', () => {
  expect(multipartBoundary('multipart/form-data; boundary=abc')).toBe('abc');
  expect(multipartBoundary('Multipart/Form-Data; charset=utf-8; BOUNDARY="a b:c"')).toBe('a b:c');
  expect([multipartBoundary(null), multipartBoundary('image/png'), multipartBoundary('multipart/form-database')]).toEqual([undefined, undefined, undefined]);
  for (const header of [
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
    'multipart/form-data; boundary="\0"',
  ]) {
    expect(() => multipartBoundary(header)).toThrow(expect.objectContaining({ code: 'bad-multipart' }));
  }
});
