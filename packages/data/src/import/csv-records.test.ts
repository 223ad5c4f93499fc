import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { temporaryDir, write } from '../../test/fixtures.ts';
import { readCsvRecords } from './csv-records.ts';

async function read(contents: string | Uint8Array): Promise<{ line: number; fields: string[] }[]> {
  const path = write(temporaryDir(), 'a.csv', contents);
  const records = [];
  for await (const { line, fields } of readCsvRecords(path)) records.push({ line, fields: fields.map((field) => Buffer.from(field).toString('utf8')) });
  return records;
}
const fieldsOf = async (contents: string | Uint8Array) => (await read(contents)).map(({ fields }) => fields);

describe('readCsvRecords', () => {
  it('reads what csv-parse reads, whatever stands in the fields', async () => {
    const field = fc.oneof(fc.constantFrom('', 'a', ' b ', '"', 'x,y', 'line\nbreak', 'cr\r\nlf', '""', 'ü', '0 1 2'), fc.string({ maxLength: 5 }));
    const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n'), fc.boolean(), fc.boolean(), async (table, eol, bom, lastEol) => {
        const text = table.map((row) => row.map((each) => (/[",\r\n]/.test(each) ? `"${each.replaceAll('"', '""')}"` : each)).join(',')).join(eol);
        const contents = (bom ? '\ufeff' : '') + text + (lastEol ? eol : '');
        const expected = parse(contents, { bom: true, relax_column_count: true, record_delimiter: eol, skip_records_with_empty_values: false });
        expect(await fieldsOf(contents)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('crosses the boundaries of the chunks it reads', async () => {
    const long = 'x'.repeat(700_000);
    expect(await read(`a,${long}\r\n"q\n",${long}\nc,${long}`)).toEqual([
      { line: 1, fields: ['a', long] },
      { line: 2, fields: ['q\n', long] },
      { line: 4, fields: ['c', long] },
    ]);
  });

  it('passes over blank lines and counts them', async () => {
    expect(await read('\n\na,b\n \r\nc,d\n\n')).toEqual([
      { line: 3, fields: ['a', 'b'] },
      { line: 5, fields: ['c', 'd'] },
    ]);
    expect(await read('')).toEqual([]);
    expect(await fieldsOf('a')).toEqual([['a']]);
    expect(await fieldsOf('a,')).toEqual([['a', '']]);
  });

  it('says what is wrong and where', async () => {
    await expect(read('a,b\n"c,d\n')).rejects.toMatchObject({
      code: 'unreadable-csv',
      message: expect.stringContaining('line 2: a quoted field is not closed'),
    });
    await expect(read('a,b\n"c"d,e\n')).rejects.toMatchObject({ code: 'unreadable-csv', message: expect.stringContaining('line 2') });
    await expect(read(Buffer.from('\ufeffa,b\n', 'utf16le'))).rejects.toMatchObject({ code: 'unreadable-csv', message: expect.stringContaining('UTF-16') });
    await expect(read(`a,b\n"${'x\n'.repeat(9_000_000)}`)).rejects.toMatchObject({
      code: 'unreadable-csv',
      message: expect.stringContaining('line 2: no end of row within 16 MB'),
    });
  });
});
