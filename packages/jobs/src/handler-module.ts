/** How a worker process gets its handler: a module by URL, opened with plain data. */
import type { JobHandler } from './job.ts';

export interface OpenedHandler<P, R> {
  readonly handle: JobHandler<P, R>;
  /** Frees what opening took. */
  readonly release: () => Promise<void>;
}

/** Opens the handler of one run from plain data. Throws `UserError` where this worker cannot do such jobs. */
export type OpenHandler<P, R> = (init: unknown) => Promise<OpenedHandler<P, R>>;

/** What a module must export to be run in a pool. */
export interface HandlerModule<P, R> {
  readonly openHandler: OpenHandler<P, R>;
}
