/** `multipart/form-data` (RFC 7578) in memory: parts as views of the body, bounded in number, nothing copied. */
import { ServiceError } from './service-error.ts';

export interface Part {
  /** The field's name. */
  readonly name: string;
  /** A view of the body. */
  readonly bytes: Uint8Array;
}

/** The header lines of one part, far above what a browser writes. */
const longestHeaderBytes = 4096;

function malformed(what: string): ServiceError {
  return new ServiceError('bad-multipart', `${what}; expected multipart/form-data as a browser's form or \`curl -F image=@FILE\` sends it`);
}

/** The boundary of a Content-Type header, or undefined when the body is no form. Throws `ServiceError` `bad-multipart` when it is one without a usable boundary. */
export function multipartBoundary(contentType: string | null): string | undefined {
  if (contentType === null || !/^\s*multipart\/form-data\s*(;|$)/i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]*)"|([^\s;]*))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2] ?? '';
  // The characters and the length of RFC 2046, section 5.1.1.
  if (!/^[\w'()+,\-./:=? ]{1,70}$/.test(boundary)) throw malformed('Content-Type names no usable boundary');
  return boundary;
}

/** The field name in a part's header lines. File names are not looked at: nothing here has a use for them. */
function fieldName(header: string): string {
  const line = header.split('\r\n').find((text) => /^content-disposition\s*:/i.test(text));
  const name = line && /^[^:]*:\s*form-data\s*;(?:.*;)?\s*name="([^"]*)"/i.exec(line)?.[1];
  if (name === undefined || name === '') throw malformed('a part has no Content-Disposition with a name');
  return name;
}

/** Throws `ServiceError`: `bad-multipart`, `too-many-images` when there are more than `maxParts` parts. */
export function parseMultipart(body: Uint8Array, boundary: string, maxParts: number): Part[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const parts: Part[] = [];
  // The first delimiter has no line break before it where nothing precedes it.
  let at = bytes.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2)) ? delimiter.length - 2 : afterFirst(bytes, delimiter);
  for (;;) {
    const mark = bytes.toString('latin1', at, at + 2);
    if (mark === '--') return parts;
    if (mark !== '\r\n') throw malformed('a boundary is not followed by a line break');
    if (parts.length === maxParts) {
      throw new ServiceError(
        'too-many-images',
        `at most ${maxParts} ${maxParts === 1 ? 'part is' : 'parts are'} taken in one request; send the rest in another`,
      );
    }
    const headerEnd = bytes.subarray(at, at + longestHeaderBytes).indexOf('\r\n\r\n');
    if (headerEnd < 0) throw malformed('a part has no end of its header lines');
    const header = bytes.toString('latin1', at + 2, at + headerEnd);
    const start = at + headerEnd + 4;
    const end = bytes.indexOf(delimiter, start);
    if (end < 0) throw malformed('the last boundary is missing');
    parts.push({ name: fieldName(header), bytes: body.subarray(start, end) });
    at = end + delimiter.length;
  }
}

function afterFirst(bytes: Buffer, delimiter: Buffer): number {
  const first = bytes.indexOf(delimiter);
  if (first < 0) throw malformed('the boundary named in Content-Type does not occur');
  return first + delimiter.length;
}
