/** Headers that keep a page of ours to its own origin. */
import type { MiddlewareHandler } from 'hono';

const contentSecurityPolicy = [
  "default-src 'none'",
  // ONNX Runtime compiles WebAssembly; no script text is ever evaluated.
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  // blob: shows pictures that were made inside the page.
  "img-src 'self' blob:",
  // Films that a person chose; they are never sent.
  "media-src 'self' blob:",
  // blob: reads back models that were made inside the page.
  "connect-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  // Both together make the page cross-origin isolated, without which WebAssembly gets no threads.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

export interface SecurityHeaderOptions {
  /** Whether the page may ask for the camera. */
  readonly camera?: boolean;
}

/** Sets the headers on every answer, errors included: a worker script without them loses its threads. */
export function securityHeaders({ camera = false }: SecurityHeaderOptions = {}): MiddlewareHandler {
  const permissions = `camera=(${camera ? 'self' : ''}), microphone=(), geolocation=()`;
  return async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
    c.res.headers.set('Permissions-Policy', permissions);
  };
}
