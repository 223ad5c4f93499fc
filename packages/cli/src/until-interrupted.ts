/** Long work that Ctrl-C ends in good order. */
import { note, type Progress } from './output.ts';
import { onTwoSignals } from './two-signals.ts';

/** Runs `work` with a signal that Ctrl-C or SIGTERM sets; the second one ends the process. */
export async function untilInterrupted<T>(progress: Progress, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const stopListening = onTwoSignals(() => {
    progress.end();
    note('stopping after this step; press Ctrl-C again to stop at once');
    abort.abort();
  });
  try {
    return await work(abort.signal);
  } finally {
    progress.end();
    stopListening();
  }
}
