/** The files of a request: its body, or fields of a form. */
import type { Admission } from './admission.ts';
import { multipartBoundary, parseMultipart } from './multipart.ts';
import { announcedLength, discardBody, readBody } from './read-body.ts';
import { ServiceError } from './service-error.ts';

export interface ReceivedFiles {
  readonly files: readonly Uint8Array[];
  /** Gives the memory set aside for them back. */
  readonly release: () => void;
}

export interface ReceiveOptions {
  /** The form's field. */
  readonly field: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly admission: Admission;
}

/**
 * Reads a body once there is room for it; call `release` when its files are done with.
 * Throws `ServiceError`: `body-too-large`, `queue-full`, `client-gone`, `bad-multipart`, `too-many-images`, `bad-request`.
 */
export async function receiveFiles(request: Request, { field, maxBytes, maxFiles, admission }: ReceiveOptions): Promise<ReceivedFiles> {
  const boundary = multipartBoundary(request.headers.get('content-type'));
  const release = await roomFor(request, maxBytes, admission);
  try {
    const body = await readBody(request, maxBytes);
    if (boundary === undefined) return { files: [body], release };
    const parts = parseMultipart(body, boundary, maxFiles);
    const stranger = parts.find(({ name }) => name !== field);
    if (stranger || parts.length === 0) {
      throw new ServiceError(
        'bad-request',
        `expected the form's ${maxFiles === 1 ? 'one field' : 'fields'} to be named ${field}; options go into the address, as ?detect=none`,
      );
    }
    return { files: parts.map(({ bytes }) => bytes), release };
  } catch (error) {
    release();
    throw error;
  }
}

async function roomFor(request: Request, maxBytes: number, admission: Admission): Promise<() => void> {
  const bytes = announcedLength(request, maxBytes) ?? maxBytes;
  try {
    return admission.hold(bytes);
  } catch (error) {
    await discardBody(request, maxBytes);
    throw error;
  }
}
