/**
 * Csv records (RFC 4180) as bytes. FER2013's pixels are one 8 kB field a row, 271 MB in all: a general parser that
 * makes strings takes 11 s for them, finding line ends and commas in the bytes takes a fraction of one.
 */
import { createReadStream } from 'node:fs';
import { UserError } from '@mien/runtime';
import { explainReadError } from './read-error.ts';

const newline = 10;
const carriageReturn = 13;
const quote = 34;
const comma = 44;
const readBytes = 1 << 20;
/** A record longer than this is no record but a file with an unclosed quote, or no csv at all. */
const maxRecordBytes = 16 << 20;

export interface CsvRecord {
  /** Field contents, unquoted; views that are valid until the next record is asked for. */
  fields: Uint8Array[];
  /** Line of the file on which the record begins, from 1. */
  line: number;
  /** Bytes of the file up to the record's end. */
  endByte: number;
  /** The file's last line, without a line end: the file may have been cut off here. */
  unterminated: boolean;
}

/**
 * Every record of the file, blank lines skipped; CRLF and LF, quoted fields, a UTF-8 byte order mark.
 * @throws UserError `not-found`, `unreadable-csv`.
 */
export async function* readCsvRecords(path: string): AsyncGenerator<CsvRecord, void, void> {
  let pending: Buffer = Buffer.alloc(0);
  let line = 1;
  let endByte = 0;
  let first = true;
  for await (const chunk of readChunks(path)) {
    let data = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    if (first) {
      if (data.length < 3) {
        pending = data;
        continue;
      }
      first = false;
      const mark = markLength(data, path);
      data = data.subarray(mark);
      endByte += mark;
    }
    let start = 0;
    for (;;) {
      const end = recordEnd(data, start);
      if (end < 0) break;
      endByte += end + 1 - start;
      if (!isBlank(data, start, end)) yield { fields: splitFields(data, start, end, line, path), line, endByte, unterminated: false };
      line += countLines(data, start, end + 1);
      start = end + 1;
    }
    pending = data.subarray(start);
    if (pending.length > maxRecordBytes)
      throw new UserError(
        'unreadable-csv',
        `${path}, line ${line}: no end of row within ${maxRecordBytes >> 20} MB; is a quote left open there, or is this no csv?`,
      );
  }
  if (!isBlank(pending, 0, pending.length)) {
    yield { fields: splitFields(pending, 0, pending.length, line, path), line, endByte: endByte + pending.length, unterminated: true };
  }
}

async function* readChunks(path: string): AsyncGenerator<Buffer, void, void> {
  try {
    yield* createReadStream(path, { highWaterMark: readBytes }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw explainReadError(cause, path);
  }
}

/** Index of the newline that ends the record from `start`, or −1. A newline between quotes ends nothing. */
function recordEnd(data: Buffer, start: number): number {
  const end = data.indexOf(newline, start);
  if (end < 0) return -1;
  let open = data.subarray(start, end).indexOf(quote);
  if (open < 0) return end;
  let inside = false;
  for (open += start; open < data.length; open++) {
    const byte = data[open];
    if (byte === quote) inside = !inside;
    else if (byte === newline && !inside) return open;
  }
  return -1;
}

function splitFields(data: Buffer, start: number, recordEnd: number, line: number, path: string): Uint8Array[] {
  const end = recordEnd > start && data[recordEnd - 1] === carriageReturn ? recordEnd - 1 : recordEnd;
  const record = data.subarray(start, end);
  const fields: Uint8Array[] = [];
  let from = 0;
  for (;;) {
    if (record[from] === quote) {
      const { field, next } = quotedField(record, from, line, path);
      fields.push(field);
      from = next;
    } else {
      const found = record.indexOf(comma, from);
      const next = found < 0 ? record.length : found;
      fields.push(record.subarray(from, next));
      from = next;
    }
    if (from >= record.length) return fields;
    from++;
    if (from === record.length) {
      fields.push(record.subarray(from));
      return fields;
    }
  }
}

function quotedField(record: Buffer, open: number, line: number, path: string): { field: Uint8Array; next: number } {
  let close = open + 1;
  let doubled = false;
  for (;;) {
    close = record.indexOf(quote, close);
    if (close < 0) throw new UserError('unreadable-csv', `${path}, line ${line}: a quoted field is not closed; the file may be cut off there`);
    if (record[close + 1] !== quote) break;
    doubled = true;
    close += 2;
  }
  const next = close + 1;
  if (next < record.length && record[next] !== comma) throw new UserError('unreadable-csv', `${path}, line ${line}: expected a comma after a quoted field`);
  const raw = record.subarray(open + 1, close);
  return { field: doubled ? Buffer.from(raw.toString('latin1').replaceAll('""', '"'), 'latin1') : raw, next };
}

function markLength(data: Buffer, path: string): number {
  if (data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf) return 3;
  if ((data[0] === 0xff && data[1] === 0xfe) || (data[0] === 0xfe && data[1] === 0xff)) {
    throw new UserError('unreadable-csv', `${path}: expected UTF-8 text, this is UTF-16; save it as "CSV UTF-8"`);
  }
  return 0;
}

function isBlank(data: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = data[i];
    if (byte !== 32 && byte !== 9 && byte !== carriageReturn && byte !== newline) return false;
  }
  return true;
}

function countLines(data: Buffer, start: number, end: number): number {
  let lines = 0;
  for (let at = data.indexOf(newline, start); at >= 0 && at < end; at = data.indexOf(newline, at + 1)) lines++;
  return lines;
}
