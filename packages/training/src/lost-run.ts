/** A run that another process has taken over: nothing more may be written into its folder. */
import { UserError } from '@mien/runtime';
import type { TrainerOptions } from './trainer.ts';

/** What a training calls, which throws `UserError` `run-lost` in place of it once the run in `out` is lost. */
export function unlessLost(
  out: string,
  isLost: () => boolean,
  { onEvent, shouldStop }: Pick<TrainerOptions, 'onEvent' | 'shouldStop'>,
): Pick<TrainerOptions, 'onEvent' | 'shouldStop'> {
  const check = (): void => {
    if (isLost()) throw new UserError('run-lost', `${out}: another process has taken this run over; this one has stopped`);
  };
  return {
    onEvent: (event) => {
      check();
      onEvent(event);
    },
    shouldStop: () => {
      check();
      return shouldStop();
    },
  };
}
