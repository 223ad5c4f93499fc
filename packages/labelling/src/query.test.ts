import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../test/pictures.ts';
import * as database from './database.ts';
import { chunkFolder, labelFolder } from './label-folder.ts';
import type { Manifest } from './manifest.ts';
import { queryLabels } from './query.ts';
import type { PlainRow } from './query-rows.ts';
import { encodeChunk } from './tables.ts';

const dir = temporaryFolder('query');
const folder = labelFolder(dir);
const model = { name: 'm', sha256: 'abc', labels: ['happy', 'sad'] };
const { faces, images } = encodeChunk({ first: 0, items: [{ file: '/a.jpg' }], results: [{ width: 100, height: 50, faces: [] }] }, model);
const manifest: Manifest = {
  ...{ format: 1, job: 'j', version: '0', created: '', state: 'labelling', items: 1, chunks: 1 },
  options: { sources: ['/'], model, detector: null, threshold: null, framesPerSecond: 1, chunkSize: 1 },
};
const chunk = chunkFolder(folder.chunks, 0);
mkdirSync(chunk, { recursive: true });
writeFileSync(join(chunk, 'faces.parquet'), faces);
writeFileSync(join(chunk, 'images.parquet'), images);
writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));

function ask(sql: string): Promise<PlainRow[]> {
  return queryLabels(dir, sql, async ({ rows }) => {
    const found: PlainRow[] = [];
    for await (const row of rows) found.push(row);
    return found;
  });
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('a query', () => {
  it('that fails in the middle is told, and not taken for the end of its rows', async () => {
    const used = vi.fn(async () => {});
    const sql = "SELECT CAST(CASE WHEN range = 250000 THEN 'x' ELSE '1' END AS INTEGER) AS n FROM range(300000)";
    await expect(queryLabels(dir, sql, used)).rejects.toMatchObject({
      name: 'UserError',
      code: 'bad-query',
      message: expect.stringContaining('Could not convert'),
    });
    expect(used).not.toHaveBeenCalled();
    await expect(ask(`${sql} UNION ALL SELECT 1::HUGEINT`)).rejects.toMatchObject({ code: 'bad-query' });
  });

  it('gives every row in order, and leaves no file behind', async () => {
    const temporary = join(folder.dir, 'tmp');
    mkdirSync(temporary);
    vi.stubEnv('TMPDIR', temporary);
    const rows = await ask('SELECT range AS n FROM range(300000) ORDER BY n;');
    expect(rows).toHaveLength(300_000);
    expect(rows.every(({ n }, i) => n === i)).toBe(true);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.each([
    ['SELECT 1 AS a, 2 AS a -- twice', { a: 1, 'a:1': 2 }],
    ['SELECT source, width FROM images', { source: '/a.jpg', width: 100 }],
    ['SELECT 1 AS a; SELECT 2 AS b;', { b: 2 }],
    ['SELECT sum(9007199254740993::BIGINT) AS s', { s: '9007199254740993' }],
    [
      "SELECT [1, NULL] AS l, {'x': 'y'} AS s, DATE '2020-01-02' AS d, 1.5::DECIMAL(9,2) AS c",
      { l: [1, null], s: { x: 'y' }, d: '2020-01-02T00:00:00.000Z', c: 1.5 },
    ],
    ['PIVOT (SELECT 1 AS k, 2 AS v) ON k USING sum(v)', { 1: 2 }],
    ['SHOW TABLES', { name: 'errors' }],
  ])('%s', async (sql, row) => expect((await ask(sql))[0]).toEqual(row));

  it.each(['SELEC 1', 'SELECT nothing FROM faces', 'SELECT ?', "SELECT 'infinity'::DATE"])('%s: bad-query', async (sql) => {
    await expect(ask(sql)).rejects.toMatchObject({ name: 'UserError', code: 'bad-query' });
  });

  it('looks again where a file has gone that was there a moment ago', async () => {
    const open = database.openLabels;
    const moved = join(dirname(chunk), 'elsewhere');
    vi.spyOn(database, 'openLabels').mockImplementation(async (of) => {
      const opened = await open(of);
      renameSync(chunk, moved);
      return opened;
    });
    expect(await ask('SELECT * FROM images')).toEqual([]);
    renameSync(moved, chunk);
  });
});
