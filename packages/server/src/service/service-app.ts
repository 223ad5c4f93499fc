/** The service as a hono app: recognition over HTTP, for strangers. Every refusal is `application/problem+json`. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { securityHeaders } from '../http/security-headers.ts';
import { Admission } from './admission.ts';
import { clientAddress } from './client-address.ts';
import { docsPage, docsStyle } from './docs-page.ts';
import type { ServiceLimits } from './limits.ts';
import { allowedOriginsOnly, ownHostOnly } from './origin-guard.ts';
import { RateLimit } from './rate-limit.ts';
import { addRecognitionRoutes } from './recognition-routes.ts';
import type { RecognitionPool } from './recognition-pool.ts';
import { requestId, type ServiceLog } from './request-log.ts';
import { batchRoute, explainRoute, healthRoute, metricsRoute, modelsRoute, readyRoute, recogniseRoute, videoRoute } from './routes.ts';
import type { Problem } from './schema.ts';
import { asRefusal, ServiceError } from './service-error.ts';
import type { ServiceEnv } from './service-env.ts';
import type { ServiceMetrics } from './service-metrics.ts';
import type { Tokens } from './tokens.ts';

export interface ServiceAppOptions {
  readonly pool: RecognitionPool;
  /** Names of the models, the default first. */
  readonly modelNames: readonly string[];
  readonly version: string;
  readonly limits: ServiceLimits;
  readonly tokens: Tokens;
  readonly allowedOrigins: readonly string[];
  /** Proxies in front whose X-Forwarded-For is believed. */
  readonly trustedProxies: number;
  readonly metrics: ServiceMetrics;
  readonly log: ServiceLog;
  /** Whether ffmpeg is there. */
  readonly video: boolean;
  readonly isDraining: () => boolean;
}

/** Addresses that need no token: they show nothing that is not public. */
const openAddresses = new Set(['/', '/docs', '/docs/style.css', '/favicon.ico', '/openapi.json', '/health', '/ready']);

function problemOf(error: ServiceError, id: string): Problem {
  const { title, status, code, message } = error;
  return { type: 'about:blank', title, status, detail: message, code, requestId: id };
}

export function createServiceApp(options: ServiceAppOptions): OpenAPIHono<ServiceEnv> {
  const { pool, limits, tokens, metrics, log } = options;
  const admission = new Admission(limits.heldBytes);
  const rateLimit = new RateLimit(limits.imagesPerSecond, limits.burstImages);
  metrics.watch({ queued: () => pool.queued, running: () => pool.running, heldBytes: () => admission.heldBytes });

  const app = new OpenAPIHono<ServiceEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const issue = result.error.issues[0]!;
      throw new ServiceError('bad-request', `${issue.path.join('.') || 'the address'}: ${issue.message}`);
    },
  });
  const routes = [recogniseRoute, batchRoute, videoRoute, explainRoute, modelsRoute, healthRoute, readyRoute, metricsRoute];
  const methods = new Map<string, string>([
    ...routes.map(({ path, method }) => [path, method.toUpperCase()] as const),
    ...[...openAddresses].map((path) => [path, 'GET'] as const),
  ]);

  app.use(async (c, next) => {
    const began = performance.now();
    const id = requestId(c.req.header('x-request-id'));
    c.set('id', id);
    await next();
    // Not `c.header`: after the answer is made it would turn the body into a stream, which costs more than all else here.
    c.res.headers.set('X-Request-Id', id);
    if (options.isDraining()) c.res.headers.set('Connection', 'close');
    const route = methods.has(c.req.path) ? c.req.path : 'other';
    const ms = performance.now() - began;
    const { images, faces, refusal } = c.var;
    metrics.request(route, c.res.status, ms, refusal);
    if (images) metrics.recognised(images, faces);
    const counts = images ? { images, faces } : {};
    log.request({ id, method: c.req.method, route, status: c.res.status, ms: Math.round(ms * 10) / 10, ...counts, ...(refusal ? { code: refusal } : {}) });
  });
  app.use(securityHeaders());
  if (!tokens.required) app.use(ownHostOnly());
  app.use(allowedOriginsOnly(options.allowedOrigins));
  app.use(async (c, next) => {
    const token = openAddresses.has(c.req.path) ? undefined : tokens.check(c.req.header('authorization'));
    const address = clientAddress(c, options.trustedProxies);
    // Who names proxies wants the clients behind them told apart, though all may come with one token.
    c.set('client', token === undefined ? address : options.trustedProxies > 0 ? `${token} ${address}` : token);
    if (c.req.method === 'POST') {
      if (options.isDraining()) throw new ServiceError('draining', 'the service is shutting down; ask another instance', { retryAfterS: 1 });
      rateLimit.take(c.var.client, 1);
    }
    await next();
  });

  addRecognitionRoutes(app, { pool, limits, modelNames: options.modelNames, video: options.video, admission, rateLimit });
  app.openapi(modelsRoute, (c) => {
    const models = options.modelNames.map((name) => ({ name, card: pool.cards[name]! }));
    return c.json({ default: options.modelNames[0]!, models }, 200);
  });
  app.openapi(healthRoute, (c) => c.json({ status: 'ok' as const }, 200));
  app.openapi(readyRoute, (c) => {
    if (options.isDraining()) return c.json({ status: 'draining' as const }, 503);
    return pool.ready ? c.json({ status: 'ok' as const }, 200) : c.json({ status: 'starting' as const }, 503);
  });
  app.openapi(metricsRoute, async (c) => c.text(await metrics.registry.metrics(), 200, { 'Content-Type': metrics.registry.contentType }));

  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'Needed where the service was started with tokens.',
  });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Mien',
      version: options.version,
      description:
        'Names the expression each face in a picture shows. Expressions are not feelings: the models see a face, not what a person feels. Images are neither stored nor logged.',
      license: { name: 'MIT' },
    },
  });
  const page = docsPage(document);
  app.get('/openapi.json', (c) => c.json(document));
  app.get('/docs', (c) => c.html(page));
  app.get('/docs/style.css', (c) => c.body(docsStyle, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  // Browsers ask for one; without an answer every visit counts as a refusal.
  app.get('/favicon.ico', (c) => c.body(null, 204));
  app.get('/', (c) => c.redirect('/docs'));

  const refuse = (c: Context<ServiceEnv>, error: ServiceError): Response => {
    const id = c.var.id ?? requestId(undefined);
    c.set('refusal', error.code);
    const headers: Record<string, string> = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' };
    if (error.retryAfterS !== undefined) headers['Retry-After'] = String(error.retryAfterS);
    if (error.code === 'unauthorised') headers['WWW-Authenticate'] = 'Bearer';
    return c.body(JSON.stringify(problemOf(error, id)), error.status as 400, headers);
  };
  app.notFound((c) => {
    const method = methods.get(c.req.path);
    if (method === undefined) return refuse(c as Context<ServiceEnv>, new ServiceError('not-found', 'GET /docs shows what there is'));
    c.header('Allow', method);
    return refuse(c as Context<ServiceEnv>, new ServiceError('bad-method', `expected ${method}`));
  });
  app.onError((error, c) => {
    const refusal = asRefusal(error);
    if (refusal) return refuse(c as Context<ServiceEnv>, refusal);
    log.event('error', 'internal error', { id: c.var.id, stack: error.stack ?? String(error) });
    return refuse(c as Context<ServiceEnv>, new ServiceError('internal', 'the service failed; its log says why under this request id'));
  });
  return app;
}
