import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expressions } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { type FerRow, ferCsv, ferRows, temporaryDir, votesCsv, votesHeader, write } from '../../test/fixtures.ts';
import { openStore } from '../store/store.ts';
import { type FerCsvOptions, importFerCsv } from './fer-csv.ts';

const splitOf: Record<string, string> = { Training: 'train', PublicTest: 'public', PrivateTest: 'private' };

/** Imports a csv of these contents → the opened store and the report. */
async function importText(contents: string, more: Partial<FerCsvOptions> & { votesText?: string } = {}) {
  const dir = temporaryDir();
  const { votesText, ...options } = more;
  const csv = write(dir, 'fer2013.csv', contents);
  const votes = votesText === undefined ? undefined : write(dir, 'fer2013new.csv', votesText);
  const out = join(dir, 'store');
  try {
    const report = await importFerCsv({ csv, votes, out, ...options });
    return { report, store: await openStore(out) };
  } catch (error) {
    expect(readdirSync(dir).filter((name) => !name.endsWith('.csv'))).toEqual([]);
    throw error;
  }
}

/** Every row of the store is the row of the csv it should be. */
async function expectRows(store: Awaited<ReturnType<typeof openStore>>, rows: readonly FerRow[]) {
  expect(store.manifest.count).toBe(rows.length);
  for (const usage of new Set(rows.map((row) => row.usage))) {
    const expected = rows.filter((row) => row.usage === usage);
    const split = await store.split(splitOf[usage]!);
    expect([...split.labels]).toEqual(expected.map((row) => row.label));
    expect(Buffer.from(await split.readImages(0, split.count)).equals(Buffer.concat(expected.map((row) => row.pixels)))).toBe(true);
  }
}

describe('importFerCsv', () => {
  it('brings every row into its split', async () => {
    const rows = ferRows({ Training: 9, PublicTest: 4, PrivateTest: 3 });
    const { store, report } = await importText(ferCsv(rows));
    await expectRows(store, rows);
    expect(store.splitNames).toEqual(['train', 'public', 'private']);
    expect(report.manifest.labels).toEqual([...expressions]);
    expect(report.manifest.sources.map(({ name, split, count }) => [name, split, count])).toEqual([
      ['fer2013', 'train', 9],
      ['fer2013', 'public', 4],
      ['fer2013', 'private', 3],
    ]);
  });

  it('takes CRLF, quoted fields, a byte order mark, blank lines and a last line without an end', async () => {
    const rows = ferRows({ Training: 3, PublicTest: 2 });
    const quoted = ferCsv(rows, '\r\n')
      .replaceAll(/^(\d),([\d ]+),/gm, '"$1","$2",')
      .replaceAll('PublicTest', '"PublicTest"');
    const { store } = await importText(`\ufeff${quoted}\r\n\r\n`);
    await expectRows(store, rows);
    await expectRows((await importText(ferCsv(rows).trimEnd())).store, rows);
  });

  it('takes the columns of icml_face_data.csv by name', async () => {
    const rows = ferRows({ Training: 2, PrivateTest: 2 });
    const csv = ['emotion, Usage, pixels', ...rows.map(({ label, usage, pixels }) => `${label},${usage},${pixels.join(' ')}`)].join('\n');
    await expectRows((await importText(csv)).store, rows);
  });

  it('takes any part: PrivateTest alone, one class alone, interleaved usages, no Usage at all', async () => {
    const onlyPrivate = ferRows({ PrivateTest: 5 });
    const { store } = await importText(ferCsv(onlyPrivate));
    await expectRows(store, onlyPrivate);
    expect(store.splitNames).toEqual(['private']);
    const oneClass = ferRows({ Training: 3, PrivateTest: 2 }).map((row) => ({ ...row, label: 3 }));
    await expectRows((await importText(ferCsv(oneClass))).store, oneClass);
    const rows = ferRows({ Training: 3, PublicTest: 3, PrivateTest: 3 });
    const interleaved = [8, 0, 3, 1, 7, 4, 2, 6, 5].map((i) => rows[i]!);
    await expectRows((await importText(ferCsv(interleaved))).store, interleaved);
    const withoutUsage = await importText(ferCsv(rows).replaceAll(/,(Usage|Training|PublicTest|PrivateTest)$/gm, ''));
    expect(withoutUsage.store.splitNames).toEqual(['all']);
  });

  it('maps and drops classes, keeping the identity of the rows that stay', async () => {
    const { store, report } = await importText(ferCsv(ferRows({ Training: 7 })), { map: { Disgust: 'angry', fear: 'drop' } });
    const split = await store.split('train');
    expect([...split.labels]).toEqual([0, 0, 3, 4, 5, 6]);
    expect(report.dropped).toBe(1);
    expect([...(await split.readProvenance()).row]).toEqual([0, 1, 3, 4, 5, 6]);
    await expect(importText(ferCsv(ferRows({ Training: 1 })), { map: { fear: 'scary' } })).rejects.toMatchObject({
      code: 'bad-map',
      message: expect.stringContaining('fear=scary'),
    });
  });

  it('names the row and line of what it cannot take, and leaves no store', async () => {
    const rows = ferRows({ Training: 4 });
    const csv = ferCsv(rows);
    const lines = csv.split('\n');
    const change = (line: number, edit: (text: string) => string) => lines.map((text, i) => (i + 1 === line ? edit(text) : text)).join('\n');
    const cases: [contents: string, message: RegExp][] = [
      [change(4, (line) => line.replace(' ', ',')), /row 3 \(line 4\): expected 3 columns, came 4/],
      [change(4, (line) => line.replace(/ \d+,/, ',')), /row 3 \(line 4\): expected 2304 pixels, came 2303/],
      [change(4, (line) => line.replace(',Tr', ' 7,Tr')), /row 3 \(line 4\): expected 2304 pixels, came 2305/],
      [change(3, (line) => line.replace(/,\d+ /, ',256 ')), /row 2 \(line 3\): expected pixels from 0 to 255.*pixel 1 is "256"/],
      [change(3, (line) => line.replace(/ \d+ /, ' -1 ')), /row 2 .*pixel 2 is "-1"/],
      [change(3, (line) => line.replace(/ \d+ /, ' 1.5 ')), /row 2 .*pixel 2 is "1.5"/],
      [change(5, (line) => line.replace(/^\d/, '7')), /row 4 \(line 5\): expected a label from 0 to 6, came "7"/],
      [change(5, (line) => line.replace(/^\d/, 'happy')), /row 4 .*came "happy"/],
      [change(2, (line) => line.replace('Training', 'Test')), /row 1 \(line 2\): expected Usage Training, PublicTest, PrivateTest, came "Test"/],
      [csv.slice(0, -3000), /row 4 \(line 5\): expected 3 columns, came 2; the file ends in this row, so it seems cut off/],
      [csv.slice(0, -5), /row 4 \(line 5\): expected Usage.*came "Trai"; the file ends in this row/],
      [`\n\n${change(4, (line) => line.replace(/^\d/, '9'))}`, /row 3 \(line 6\)/],
      ['emotion,pixels,Usage\n', /only a header/],
      ['', /an empty file/],
      ['emotion;pixels;Usage\n', /expected a header with the columns emotion, pixels and Usage, came "emotion;pixels;usage"/],
      ['\u0000\u0001\u0002 not a csv', /expected a header/],
    ];
    for (const [contents, message] of cases)
      await expect(importText(contents)).rejects.toMatchObject({ name: 'UserError', code: 'bad-csv', message: expect.stringMatching(message) });
    await expect(importFerCsv({ csv: '/nowhere/fer2013.csv', out: '/nowhere/out' })).rejects.toMatchObject({ code: 'not-found' });
    expect(existsSync('/nowhere')).toBe(false);
  });

  it('of two imports into one directory at once completes one, whole', async () => {
    const dir = temporaryDir();
    const [a, b] = [ferRows({ Training: 40 }), ferRows({ PublicTest: 60 })];
    const out = join(dir, 'store');
    const results = await Promise.allSettled([
      importFerCsv({ csv: write(dir, 'a.csv', ferCsv(a)), out }),
      importFerCsv({ csv: write(dir, 'b.csv', ferCsv(b)), out }),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find((result) => result.status === 'rejected')?.reason).toMatchObject({ code: 'exists' });
    await expectRows(await openStore(out), results[0]!.status === 'fulfilled' ? a : b);
    expect(readdirSync(dir).sort()).toEqual(['a.csv', 'b.csv', 'store']);
  });
});

describe('votes', () => {
  const counts = { Training: 5, PublicTest: 3, PrivateTest: 2 };
  const rows = ferRows(counts);
  const usages = rows.map((row) => row.usage);
  const csv = ferCsv(rows);
  const neutralVotes = async (store: Awaited<ReturnType<typeof openStore>>, split: string) =>
    [...(await (await store.split(split)).readVotes())!].filter((_, i) => i % 10 === 0);

  it('go with their rows, whole with whole', async () => {
    const { store } = await importText(csv, { votesText: votesCsv(usages) });
    expect((await store.split('train')).voteNames).toContain('contempt');
    expect(await neutralVotes(store, 'train')).toEqual([0, 1, 2, 3, 4]);
    expect(await neutralVotes(store, 'private')).toEqual([8, 9]);
    expect([...(await (await store.split('public')).readVotes())!.subarray(0, 10)]).toEqual([5, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
  });

  it('of the whole go with a csv of one part', async () => {
    const { store } = await importText(ferCsv(rows.slice(8)), { votesText: votesCsv(usages) });
    expect(await neutralVotes(store, 'private')).toEqual([8, 9]);
  });

  it('of one part do not go with a csv of the whole', async () => {
    await expect(importText(csv, { votesText: votesCsv(usages.slice(0, 8)) })).rejects.toMatchObject({
      code: 'votes-out-of-step',
      message: expect.stringMatching(/no votes for row 9 \(PrivateTest\): 0 rows of PrivateTest here, 2 in /),
    });
  });

  it('out of step are refused with the first row that does not fit', async () => {
    const without = (index: number) => votesCsv(usages.filter((_, i) => i !== index));
    const swapped = [...usages];
    [swapped[4], swapped[5]] = [swapped[5]!, swapped[4]!];
    const cases: [votes: string, message: RegExp][] = [
      [without(2), /row 5 is PublicTest here and Training in .*: 4 rows of Training here, 5 in/],
      [without(9), /row 10 is missing here and PrivateTest in/],
      [votesCsv([...usages, 'PrivateTest']), /row 11 is PrivateTest here and missing in .*: 3 rows of PrivateTest here, 2 in/],
      [votesCsv(swapped), /row 5 is PublicTest here and Training in/],
    ];
    for (const [votesText, message] of cases)
      await expect(importText(csv, { votesText })).rejects.toMatchObject({ code: 'votes-out-of-step', message: expect.stringMatching(message) });
  });

  it('that are no votes are refused with their row', async () => {
    const good = votesCsv(usages);
    const cases: [votes: string, message: RegExp][] = [
      [good.replace('fer0000003.png,3', 'fer0000003.png,x'), /row 4 \(line 5\): expected a number of votes for neutral, came "x"/],
      [good.replace('fer0000003.png,3', 'fer0000003.png,300'), /row 4 \(line 5\).*"300"/],
      [good.replace('PublicTest', 'Public'), /row 6 \(line 7\): expected Usage/],
      [good.slice(0, -8), /fer2013new.csv.*line 11/],
      [good.replace('sadness', 'sorrow'), /there is no sadness/],
      [`${votesHeader}\n`, /the file is empty/],
      ['', /the file is empty/],
    ];
    for (const [votesText, message] of cases)
      await expect(importText(csv, { votesText })).rejects.toMatchObject({ name: 'UserError', code: 'bad-votes', message: expect.stringMatching(message) });
    await expect(importText(csv, { votes: '/nowhere/votes.csv' })).rejects.toMatchObject({ code: 'not-found' });
  });
});
