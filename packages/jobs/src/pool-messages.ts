/** What a pool and its worker processes say to each other. */
import type { JobFailure } from './failure.ts';

/** A claim without its signal, which cannot travel. */
export interface ClaimMessage {
  readonly id: string;
  readonly payload: unknown;
  readonly failures: number;
  readonly deaths: number;
}

export type FromWorker =
  | { readonly type: 'ready' }
  /** Sent while nothing else is: a worker that is silent for long is killed. */
  | { readonly type: 'beat' }
  | { readonly type: 'unfit'; readonly failure: JobFailure }
  | { readonly type: 'claim' }
  | { readonly type: 'complete'; readonly id: string; readonly result: unknown }
  | { readonly type: 'fail'; readonly id: string; readonly failure: JobFailure }
  | { readonly type: 'release'; readonly id: string }
  | { readonly type: 'progress'; readonly id: string; readonly value: unknown };

export type ToWorker =
  /** `module` is the URL of a module that exports `openHandler`, see `HandlerModule`. */
  | { readonly type: 'start'; readonly module: string; readonly init: unknown }
  | { readonly type: 'job'; readonly claim: ClaimMessage | undefined }
  /** Give the job in work back, as far as it is, and leave. */
  | { readonly type: 'stop' }
  | { readonly type: 'end' };

/** A worker beats this often. */
export const beatMs = 2000;
