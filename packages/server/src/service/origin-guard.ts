/** Keeps web pages of other origins out: a page that somebody visits must not use a service on that person's machine. */
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { ServiceError } from './service-error.ts';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether only this machine can reach a host: anything else needs a token. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * Without a token, a name that resolves to 127.0.0.1 would let its page in as the same origin (DNS rebinding), so only
 * the machine's own names are answered to. Throws `ServiceError` `bad-host`.
 */
export function ownHostOnly(): MiddlewareHandler {
  return async (c, next) => {
    if (!loopbackNames.has(new URL(c.req.url).hostname)) throw new ServiceError('bad-host', 'expected a request to localhost or 127.0.0.1');
    await next();
  };
}

/** Answers CORS for the origins given, and refuses requests of any other page. Throws `ServiceError` `forbidden-origin`. */
export function allowedOriginsOnly(origins: readonly string[]): MiddlewareHandler {
  const answerCors = cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
    exposeHeaders: ['X-Request-Id', 'Retry-After'],
    maxAge: 600,
  });
  return async (c, next) => {
    const origin = c.req.header('origin');
    if (origin === undefined || origin === new URL(c.req.url).origin) return next();
    if (!origins.includes(origin)) throw new ServiceError('forbidden-origin', 'the page that asks is not of an origin this service allows');
    return answerCors(c, next);
  };
}
