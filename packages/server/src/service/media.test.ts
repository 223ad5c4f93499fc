/** Videos without ffmpeg: the index of an MP4 moved forward, frames cut out of a stream. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withIndexFirst } from './mp4-faststart.ts';
import { ppmFrames } from './ppm-frames.ts';

function box(type: string, ...content: Uint8Array[]): Uint8Array {
  const size = 8 + content.reduce((sum, piece) => sum + piece.length, 0);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size);
  head.write(type, 4, 'latin1');
  return new Uint8Array(Buffer.concat([head, ...content]));
}
/** A chunk offset table. */
function offsets(type: 'stco' | 'co64', values: readonly number[]): Uint8Array {
  const width = type === 'stco' ? 4 : 8;
  const table = Buffer.alloc(8 + values.length * width);
  table.writeUInt32BE(values.length, 4);
  for (const [i, value] of values.entries()) {
    if (width === 4) table.writeUInt32BE(value, 8 + i * 4);
    else table.writeBigUInt64BE(BigInt(value), 8 + i * 8);
  }
  return box(type, new Uint8Array(table));
}
const nested = (table: Uint8Array): Uint8Array => box('trak', box('mdia', box('minf', box('stbl', table))));
const ftyp = box('ftyp', new Uint8Array(Buffer.from('isom\0\0\0\0')));
const empty = (count: number): Uint8Array => new Uint8Array(Buffer.alloc(8 * count, box('free')));
/** A `moov` in a `moov` … */
function deep(depth: number): Uint8Array {
  const boxes = new DataView(new ArrayBuffer(8 * depth));
  for (let i = 0; i < depth; i++) {
    boxes.setUint32(8 * i, 8 * (depth - i));
    boxes.setUint32(8 * i + 4, 0x6d6f6f76);
  }
  return new Uint8Array(boxes.buffer);
}
const join = (pieces: readonly Uint8Array[]): Buffer => Buffer.concat(pieces);

test('the index moves before the data, and still points at it', () => {
  const samples = new Uint8Array(Buffer.from('first sample, second sample'));
  const mdat = box('mdat', samples);
  const at = ftyp.length + 8;
  const moov = box('moov', nested(offsets('stco', [at, at + 14])), nested(offsets('co64', [at + 6])));
  const moved = join(withIndexFirst(new Uint8Array(join([ftyp, mdat, moov, box('free')]))));
  expect(moved.length).toBe(ftyp.length + mdat.length + moov.length + 8);
  expect(moved.indexOf('moov')).toBeLessThan(moved.indexOf('mdat'));
  const stco = moved.indexOf('stco') + 4;
  expect([0, 1].map((i) => moved.toString('latin1', moved.readUInt32BE(stco + 8 + i * 4)).slice(0, 6))).toEqual(['first ', 'second']);
  expect(moved.toString('latin1', Number(moved.readBigUInt64BE(moved.indexOf('co64') + 12))).slice(0, 6)).toBe('sample');
});

test.each([
  ['an index in front', [ftyp, box('moov'), box('mdat')]],
  ['no index', [ftyp, box('mdat')]],
  ['a table larger than its box', [ftyp, box('mdat'), box('moov', nested(box('stco', Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255))))]],
  ['more boxes than a film has', [ftyp, box('mdat'), empty(20_000), box('moov')]],
  ['more boxes than a film has in the index', [ftyp, box('mdat'), box('moov', empty(20_000))]],
  ['boxes nested deeper than a film nests them', [ftyp, box('mdat'), deep(9)]],
  ['boxes nested deeper than the stack', [ftyp, box('mdat'), deep(20_000)]],
  ['a box larger than the file', [ftyp, box('mdat'), Uint8Array.of(0, 0, 255, 0, 109, 111, 111, 118)]],
])('%s leaves the file as it is', (_what, pieces) => {
  const file = new Uint8Array(join(pieces));
  const result = withIndexFirst(file);
  expect(result).toHaveLength(1);
  expect(result[0]).toBe(file);
});

test('whatever the bytes, no piece of the file is lost or grown', () => {
  const words = fc.constantFrom(
    ...['ftyp', 'moov', 'mdat', 'trak', 'stbl', 'stco', '\0\0\0\x08', '\0\0\0\x10', '\0\0\0\0', '\0\0\0\x01', '\xff\xff\xff\xff'].map((w) =>
      Buffer.from(w, 'latin1'),
    ),
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 40 }), (pieces) => {
      const file = new Uint8Array(Buffer.concat(pieces));
      expect(join(withIndexFirst(file)).length).toBe(file.length);
    }),
    { numRuns: 500 },
  );
});

async function framesOf(pieces: readonly Uint8Array[]) {
  const frames = [];
  for await (const frame of ppmFrames(
    (async function* () {
      yield* pieces;
    })(),
  ))
    frames.push(frame);
  return frames;
}

test('frames come out whole however the stream is cut; what is cut short at the end is dropped', async () => {
  const pictures = [
    { width: 2, height: 1, data: [1, 2, 3, 4, 5, 6] },
    { width: 1, height: 3, data: [10, 13, 32, 9, 0, 255, 80, 54, 10] },
  ];
  const stream = Buffer.concat([
    ...pictures.flatMap(({ width, height, data }) => [Buffer.from(`P6\n${width} ${height}\n255\n`), Buffer.from(data)]),
    Buffer.from('P6\n9 9\n255\nnot enough'),
  ]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 8 }), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const frames = await framesOf(at.slice(1).map((end, i) => stream.subarray(at[i], end)));
      expect(frames.map(({ width, height, data }) => ({ width, height, data: [...data] }))).toEqual(pictures);
    }),
    { numRuns: 100 },
  );
});

test('a stream of anything else is an error', async () => {
  await expect(framesOf([Buffer.from('P5\n2 1\n255\n'.padEnd(80, 'x'))])).rejects.toThrow(RangeError);
  expect(await framesOf([])).toEqual([]);
});
