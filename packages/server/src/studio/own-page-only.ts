/** Keeps web pages of other origins away from what the studio reads and writes on this machine. */
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);
/** What a browser says of a request by our own page, or typed in by the person: an image in another page names no origin. */
const ownSites = new Set(['same-origin', 'none']);
const largestBodyBytes = 4096;

/** A name that resolves to 127.0.0.1 would let its page in as the same origin (DNS rebinding): only the machine's own names are answered to. */
export function ownPageOnly(): MiddlewareHandler {
  return async (c, next) => {
    const { hostname, origin } = new URL(c.req.url);
    const asking = c.req.header('origin') ?? origin;
    // Programs that are no browsers do not say.
    const site = c.req.header('sec-fetch-site') ?? 'none';
    if (!loopbackNames.has(hostname) || asking !== origin || !ownSites.has(site)) {
      return c.json({ error: { code: 'forbidden', message: 'only the studio’s own page may ask for this' } }, 403);
    }
    // Another page cannot send this type without asking first, and nobody answers it.
    if (c.req.method === 'POST' && c.req.header('content-type') !== 'application/json') {
      return c.json({ error: { code: 'bad-request', message: 'expected content-type application/json' } }, 415);
    }
    return next();
  };
}

export function smallBodies(): MiddlewareHandler {
  return bodyLimit({
    maxSize: largestBodyBytes,
    onError: (c) => c.json({ error: { code: 'too-large', message: `expected ${largestBodyBytes} bytes at most` } }, 413),
  });
}
