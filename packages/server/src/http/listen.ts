/** Opening a port for a hono app. */
import type { Server, ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { UserError } from '@mien/runtime';
import type { Hono } from 'hono';

export interface ListenOptions {
  readonly host: string;
  /** This port and no other; 0 takes any free one. Left out: the first free port from `firstPort` on. */
  readonly port?: number | undefined;
  readonly firstPort: number;
  /** Time limits and sizes of Node's HTTP server. */
  readonly serverOptions?: ServerOptions;
  /** Connections open at once; more are closed as they come. Default: no limit. */
  readonly connections?: number;
}

export interface Listening {
  /** Without a slash at the end, as `http://127.0.0.1:4170`. */
  readonly url: string;
  readonly port: number;
  /** Stops listening and ends open connections. */
  close(): Promise<void>;
  /** Stops listening, lets requests in progress end for up to `graceMs`, then ends what is left. */
  finish(graceMs: number): Promise<void>;
}

/** Ports tried after `firstPort`. */
const portsTried = 100;

/** The port in a text, as an environment variable gives it; undefined when unset or empty. Throws `UserError` `bad-port`. */
export function parsePort(text: string | undefined, where: string): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const port = Number(text);
  if (!/^\s*\d+\s*$/.test(text) || port > 65535) throw new UserError('bad-port', `${where}: expected a port from 0 to 65535, got "${text}"`);
  return port;
}

/** The part of a hono app of any kind that a server needs. */
type Served = Pick<Hono, 'fetch'>;

function openPort(app: Served, port: number, { host, serverOptions = {}, connections }: ListenOptions): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions }) as Server;
  if (connections !== undefined) server.maxConnections = connections;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const bound = (server.address() as AddressInfo).port;
      const close = (): Promise<void> =>
        new Promise((closed, failed) => {
          server.close((error) => (error ? failed(error) : closed()));
          server.closeAllConnections();
        });
      const finish = (graceMs: number): Promise<void> =>
        new Promise((closed) => {
          const enough = setTimeout(() => server.closeAllConnections(), graceMs);
          server.close(() => {
            clearTimeout(enough);
            closed();
          });
          server.closeIdleConnections();
        });
      resolve({ url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, port: bound, close, finish });
    });
  });
}

/** Serves the app. Throws `UserError` `port-busy` or `port-forbidden`; only a port that was not asked for by number is replaced. */
export async function listen(app: Served, options: ListenOptions): Promise<Listening> {
  const { port, firstPort } = options;
  const candidates = port === undefined ? Array.from({ length: portsTried }, (_, i) => firstPort + i) : [port];
  for (const candidate of candidates) {
    try {
      return await openPort(app, candidate, options);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EACCES')
        throw new UserError('port-forbidden', `port ${candidate}: this user may not open it; choose one above 1023, as PORT=${firstPort}`, { cause });
      if (code !== 'EADDRINUSE') throw cause;
    }
  }
  if (port === undefined)
    throw new UserError('port-busy', `ports ${firstPort} to ${firstPort + portsTried - 1} are all in use; choose a free one, as PORT=8080`);
  throw new UserError(
    'port-busy',
    `port ${port} is in use by another program; choose another with PORT=${port === 65535 ? firstPort : port + 1}, or leave PORT unset`,
  );
}
