import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { FaceResult } from './picture-result.ts';
import { type ChunkResults, encodeChunk, type ModelName } from './tables.ts';

const model: ModelName = { name: 'm', sha256: 'abc', labels: ['happy', 'sad'] };
const face = (label: string, ...probabilities: number[]): FaceResult => ({ box: { x: -1.5, y: 2, width: 30, height: 40 }, score: 0.75, label, probabilities });

async function read({ faces, images }: { faces: Uint8Array; images: Uint8Array }) {
  const rows = (bytes: Uint8Array) => parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer });
  return { faces: await rows(faces), images: await rows(images) };
}

describe('tables', () => {
  it('have a row a face and a row an image, of files, archives and videos', async () => {
    const chunk: ChunkResults = {
      first: 512,
      items: [{ file: '/a.jpg' }, { archive: '/b.zip', entry: 'é.png', at: 0, size: 1 }, { video: '/c.mp4', frame: 3, rate: 2 }, { file: '/d.jpg' }],
      results: [
        { width: 100, height: 50, faces: [face('happy', 0.75, 0.25), face('sad', 0.5, 0.5)] },
        { width: 10, height: 20, faces: [] },
        { width: 640, height: 360, faces: [face('sad', 0.25, 0.75)] },
        { error: { code: 'not-found', message: '/d.jpg: there is no such file' } },
      ],
    };
    const { faces, images } = await read(encodeChunk(chunk, model));
    expect(images).toEqual([
      { item: 512n, source: '/a.jpg', entry: null, frame: null, time: null, width: 100, height: 50, faces: 2, error_code: null, error: null },
      { item: 513n, source: '/b.zip', entry: 'é.png', frame: null, time: null, width: 10, height: 20, faces: 0, error_code: null, error: null },
      { item: 514n, source: '/c.mp4', entry: null, frame: 3, time: 1.75, width: 640, height: 360, faces: 1, error_code: null, error: null },
      {
        ...{ item: 515n, source: '/d.jpg', entry: null, frame: null, time: null, width: null, height: null, faces: null },
        ...{ error_code: 'not-found', error: '/d.jpg: there is no such file' },
      },
    ]);
    expect(faces.map(({ item, face: n, label, happy, sad }) => [item, n, label, happy, sad])).toEqual([
      [512n, 0, 'happy', 0.75, 0.25],
      [512n, 1, 'sad', 0.5, 0.5],
      [514n, 0, 'sad', 0.25, 0.75],
    ]);
    expect(faces[2]).toMatchObject({
      source: '/c.mp4',
      frame: 3,
      box_x: -1.5,
      box_y: 2,
      box_width: 30,
      box_height: 40,
      score: 0.75,
      width: 640,
      height: 360,
      model: 'm',
      model_sha256: 'abc',
    });
  });

  it('keep their columns without a single row, and with labels that are called like columns', async () => {
    const { faces, images } = encodeChunk(
      { first: 0, items: [{ file: 'a' }], results: [{ width: 1, height: 1, faces: [] }] },
      { ...model, labels: ['score', 'happy'] },
    );
    expect(await read({ faces, images })).toMatchObject({ faces: [], images: [{ faces: 0 }] });
    const one = encodeChunk(
      { first: 0, items: [{ file: 'a' }], results: [{ width: 1, height: 1, faces: [face('score', 1, 0)] }] },
      { ...model, labels: ['score', 'happy'] },
    );
    expect((await read(one)).faces[0]).toMatchObject({ score: 0.75, p_score: 1, happy: 0 });
  });
});
