/** Answering a request with one file that the server itself chose. */
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import type { Context } from 'hono';

/** `immutable`: the address changes with the content, so a browser never asks again. `revalidate`: it asks each time. */
export type Caching = 'immutable' | 'revalidate';

export interface ServedFile {
  /** A path from the server's own tables, never from a request. */
  readonly file: string;
  readonly caching: Caching;
}

const cacheControl: Readonly<Record<Caching, string>> = {
  immutable: 'public, max-age=31536000, immutable',
  revalidate: 'no-cache',
};

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.onnx': 'application/octet-stream',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** Streams the file with its type, length, caching and ETag; 304 when the browser holds it already, 404 when it is gone. */
export async function respondWithFile(c: Context, { file, caching }: ServedFile): Promise<Response> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return c.notFound() as Response;
  let streaming = false;
  try {
    const { size, mtimeMs } = await handle.stat();
    const etag = `W/"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`;
    const headers: Record<string, string> = { ETag: etag, 'Cache-Control': cacheControl[caching] };
    if (
      c.req
        .header('If-None-Match')
        ?.split(/\s*,\s*/)
        .includes(etag)
    )
      return new Response(null, { status: 304, headers });
    headers['Content-Type'] = contentTypes[extname(file)] ?? 'application/octet-stream';
    headers['Content-Length'] = String(size);
    if (c.req.method === 'HEAD' || size === 0) return new Response(null, { headers });
    // Bounded to the length just promised: a file that grows meanwhile would otherwise break the answer.
    const body = Readable.toWeb(handle.createReadStream({ start: 0, end: size - 1 })) as NodeReadableStream<Uint8Array>;
    streaming = true;
    return new Response(body as unknown as ReadableStream, { headers });
  } finally {
    if (!streaming) await handle.close();
  }
}
