/** What a training does between its steps, for the line of progress. */
import type { CountEvent } from '@mien/training';

export const countWords: Readonly<Record<CountEvent['type'], string>> = {
  features: 'features of the frozen layers',
  validating: 'validating',
  judging: 'judging rows without labels',
  measuring: 'measuring the best model',
};
