/** Reading a request's body, never more of it than is allowed. */
import { ServiceError } from './service-error.ts';

/** How many bytes a request says its body has; undefined when it comes in chunks. Throws `ServiceError` `body-too-large`. */
export function announcedLength(request: Request, maxBytes: number): number | undefined {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    throw new ServiceError('unsupported-media-type', 'expected a body without Content-Encoding; send the file as it is, images are compressed already');
  }
  const text = request.headers.get('content-length');
  if (text === null) return undefined;
  const length = Number(text);
  if (length > maxBytes) throw tooLarge(maxBytes);
  return length;
}

function tooLarge(maxBytes: number): ServiceError {
  return new ServiceError(
    'body-too-large',
    `at most ${(maxBytes / 2 ** 20).toLocaleString('en', { maximumFractionDigits: 1 })} MiB are taken here; send a smaller file`,
  );
}

/**
 * The body in memory of its own, so that it can move to another thread.
 * Throws `ServiceError`: `body-too-large` as soon as more has come than allowed, `client-gone` when the connection breaks.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const announced = announcedLength(request, maxBytes);
  try {
    // The HTTP parser holds a body to its Content-Length.
    if (announced !== undefined) return new Uint8Array(await request.arrayBuffer());
    return await readChunks(request, maxBytes);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError('client-gone', 'the connection was closed before the body was complete', { cause: error });
  }
}

/**
 * Reads a body without keeping it, for a request that is refused: a client that still sends while its connection is closed
 * may lose the answer. More than `maxBytes`, or a connection that breaks, ends it silently.
 */
export async function discardBody(request: Request, maxBytes: number): Promise<void> {
  await eachChunk(request, maxBytes, () => {}).catch(() => {});
}

async function eachChunk(request: Request, maxBytes: number, take: (chunk: Uint8Array) => void): Promise<number> {
  if (!request.body) return 0;
  let length = 0;
  const reader = request.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > maxBytes) {
      await reader.cancel();
      throw tooLarge(maxBytes);
    }
    take(next.value);
  }
  return length;
}

async function readChunks(request: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const length = await eachChunk(request, maxBytes, (chunk) => chunks.push(chunk));
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
