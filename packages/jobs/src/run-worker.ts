/** The loop of one worker: claim, work, tell. */
import { failureOf } from './failure.ts';
import type { JobHandler } from './job.ts';
import type { JobSource } from './job-engine.ts';

export interface RunWorkerOptions<P, R> {
  readonly source: JobSource<P, R>;
  readonly handler: JobHandler<P, R>;
  /** Aborting gives the job in work back and ends the loop. */
  readonly signal?: AbortSignal;
  /** Asked when no job came up for a while: true ends the loop. Default: go on until the run has ended. */
  readonly shouldLeave?: () => boolean;
  /** Told once a job is done. */
  readonly onDone?: () => void;
}

/** Works until the run has ended, the signal aborts or `shouldLeave` says so. Throws when the source itself fails. */
export async function runWorker<P, R>({ source, handler, signal, shouldLeave, onDone }: RunWorkerOptions<P, R>): Promise<void> {
  while (!signal?.aborted && !source.ended) {
    const claim = await source.claim();
    if (!claim) {
      if (shouldLeave?.()) return;
      continue;
    }
    if (signal?.aborted) {
      await source.release(claim);
      return;
    }
    const stop = signal ? AbortSignal.any([signal, claim.lost]) : claim.lost;
    try {
      const result = await handler(claim, { signal: stop, progress: (value) => source.progress(claim, value) });
      if (!claim.lost.aborted) await source.complete(claim, result);
      onDone?.();
    } catch (error) {
      if (claim.lost.aborted) continue;
      if (signal?.aborted) await source.release(claim);
      else await source.fail(claim, failureOf(error));
    }
  }
}
