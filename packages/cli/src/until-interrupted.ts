/** Long work that Ctrl-C ends in good order. */
import { note, type Progress } from './output.ts';

/** Runs `work` with a signal that Ctrl-C or SIGTERM sets; the second one ends the process. */
export async function untilInterrupted<T>(progress: Progress, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const onInterrupt = (name: NodeJS.Signals): void => {
    if (abort.signal.aborted) {
      // The signal's default end, not `process.exit`: that takes apart threads which still compute, and aborts with a complaint of theirs.
      process.off(name, onInterrupt);
      process.kill(process.pid, name);
      return;
    }
    progress.end();
    note('stopping after this step; press Ctrl-C again to stop at once');
    abort.abort();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    return await work(abort.signal);
  } finally {
    progress.end();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}
