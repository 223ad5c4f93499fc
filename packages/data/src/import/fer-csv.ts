/** fer2013.csv and icml_face_data.csv (Goodfellow et al. 2013): one 48×48 grey image a row, its pixels as text. */
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { UserError } from '@mien/runtime';
import { StoreWriter } from '../store/writer.ts';
import { type CsvRecord, readCsvRecords } from './csv-records.ts';
import { ferSplits } from './fer-usage.ts';
import { FerVotes, ferPlusNames } from './fer-votes.ts';
import { LabelResolver } from './label-map.ts';
import { parsePixels } from './pixels.ts';
import { explainReadError } from './read-error.ts';
import type { ImportOptions, ImportReport } from './report.ts';

/** The csv's label numbers stand for these, which is our own order. */
const ferLabels = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'] as const;
const side = 48;

export interface FerCsvOptions extends ImportOptions {
  csv: string;
  /** fer2013new.csv of FER+. */
  votes?: string | undefined;
}

/**
 * Imports the csv, or any part of it, into a store of splits train, public and private; a csv without a Usage column
 * becomes the split `all`. Columns are found by the names in the header.
 * @throws UserError `not-found`, `bad-csv` and `votes-out-of-step` naming the row, and those of {@link StoreWriter}.
 */
export async function importFerCsv(options: FerCsvOptions): Promise<ImportReport> {
  const { csv, out, onProgress } = options;
  const resolver = new LabelResolver(options.map, { labels: options.labels });
  const labels = ferLabels.map((name) => resolver.resolve(name));
  const unknown = ferLabels.filter((_, k) => labels[k] === undefined);
  if (unknown.length > 0) throw resolver.unknown(csv, unknown);
  const size = await stat(csv).then(
    (s) => s.size,
    (error) => Promise.reject(explainReadError(error, csv)),
  );
  const votes = options.votes === undefined ? undefined : await FerVotes.read(options.votes);
  const writer = new StoreWriter({
    ...options,
    name: options.name ?? basename(csv, extname(csv)),
    form: 'fer-csv',
    file: basename(csv),
    image: { layout: 'fixed', channels: 1, height: side, width: side },
    labels: resolver.labels,
    votes: votes && ferPlusNames,
  });
  try {
    const usages: string[] = [];
    const rowsOf = new Map<string, number>();
    const image = new Uint8Array(side * side);
    let header: Header | undefined;
    let dropped = 0;
    for await (const record of readCsvRecords(csv)) {
      if (!header) {
        header = readHeader(record, csv);
        continue;
      }
      const { usage, label } = readRow(record, header, image, csv, usages.length + 1);
      const row = rowsOf.get(usage) ?? 0;
      rowsOf.set(usage, row + 1);
      usages.push(usage);
      const mapped = labels[label] as number | 'drop';
      if (mapped === 'drop') dropped++;
      else writer.append({ split: ferSplits.get(usage) ?? 'all', label: mapped, image, row, votes: votes?.of(usage, row) });
      if (usages.length % 500 === 0) onProgress?.({ rows: usages.length, fraction: record.endByte / size });
    }
    if (usages.length === 0) throw new UserError('bad-csv', `${csv}: expected a header and rows of faces, came ${header ? 'only a header' : 'an empty file'}`);
    votes?.checkStep(usages, csv);
    onProgress?.({ rows: usages.length, fraction: 1 });
    return { out, manifest: writer.finish(), dropped, converted: 0, ignored: [] };
  } catch (error) {
    writer.discard();
    throw error;
  }
}

interface Header {
  emotion: number;
  pixels: number;
  /** −1 where the file has no such column. */
  usage: number;
  columns: number;
}

function readHeader(record: CsvRecord, csv: string): Header {
  const names = record.fields.map((field) => text(field).toLowerCase());
  const header = { emotion: names.indexOf('emotion'), pixels: names.indexOf('pixels'), usage: names.indexOf('usage'), columns: names.length };
  if (header.emotion < 0 || header.pixels < 0) {
    throw new UserError('bad-csv', `${csv}: expected a header with the columns emotion, pixels and Usage, came ${JSON.stringify(shorten(names.join(',')))}`);
  }
  return header;
}

function readRow(record: CsvRecord, header: Header, image: Uint8Array, csv: string, row: number): { usage: string; label: number } {
  const fail = (what: string) => {
    const cut = record.unterminated ? '; the file ends in this row, so it seems cut off: fetch it again' : '';
    return new UserError('bad-csv', `${csv}, row ${row} (line ${record.line}): ${what}${cut}`);
  };
  const { fields } = record;
  if (fields.length !== header.columns) throw fail(`expected ${header.columns} columns, came ${fields.length}`);
  const label = text(fields[header.emotion] as Uint8Array);
  if (!/^[0-6]$/.test(label)) throw fail(`expected a label from 0 to 6, came ${JSON.stringify(shorten(label))}`);
  const usage = header.usage < 0 ? '' : text(fields[header.usage] as Uint8Array);
  if (header.usage >= 0 && !ferSplits.has(usage)) throw fail(`expected Usage ${[...ferSplits.keys()].join(', ')}, came ${JSON.stringify(shorten(usage))}`);
  const problem = parsePixels(fields[header.pixels] as Uint8Array, image);
  if (problem) throw fail(problem);
  return { usage, label: Number(label) };
}

function text(field: Uint8Array): string {
  return Buffer.from(field.buffer, field.byteOffset, field.byteLength).toString('utf8').trim();
}

function shorten(value: string): string {
  return value.length > 80 ? `${value.slice(0, 80)}…` : value;
}
