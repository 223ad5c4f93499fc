/** The process behind one place of a `ProcessPool`. */
import { failureOf } from './failure.ts';
import type { HandlerModule } from './handler-module.ts';
import { beatMs, type FromWorker, type ToWorker } from './pool-messages.ts';
import { PoolSource } from './pool-source.ts';
import { runWorker } from './run-worker.ts';

// The parent may die between two messages; that is no reason to print a stack.
const send = (message: FromWorker): void => {
  process.send?.(message, undefined, undefined, () => {});
};
const source = new PoolSource<unknown, unknown>(send);

const stop = new AbortController();

// Ctrl-C reaches every process of the terminal; the parent decides what it means.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(1));
setInterval(() => send({ type: 'beat' }), beatMs).unref();

async function start(module: string, init: unknown): Promise<void> {
  const { openHandler } = (await import(module)) as HandlerModule<unknown, unknown>;
  const opened = await openHandler(init);
  send({ type: 'ready' });
  await runWorker({ source, handler: opened.handle, signal: stop.signal });
  await opened.release();
  process.exit(0);
}

process.on('message', (message: ToWorker) => {
  if (message.type === 'start') start(message.module, message.init).catch((error) => send({ type: 'unfit', failure: failureOf(error) }));
  else if (message.type === 'stop') stop.abort();
  else source.receive(message);
});
