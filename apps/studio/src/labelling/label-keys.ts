/** What the keys of the page "Label" do. */
import type { LabelOverview, LabelRow } from '@mien/server/api';
import type { LabelSession } from './label-session.ts';

/** Keys of the labels, in their order. */
export const labelKeys = '123456789abcdefh';

/** What a key does; undefined for keys that are not ours. */
export function actionOf(
  key: string,
  session: Pick<LabelSession, 'decide' | 'skip' | 'undo'>,
  { labels }: Pick<LabelOverview, 'labels'>,
  row: LabelRow | undefined,
): (() => Promise<void>) | undefined {
  if (key === 'z' || key === 'Backspace') return () => session.undo();
  if (!row) return undefined;
  const label = labels[labelKeys.indexOf(key)];
  if (key.length === 1 && label !== undefined) return () => choose(session, row, label);
  // Where there is no label to keep, Enter says yes to the guess.
  const yes = row.label === undefined ? row.guess : row.label;
  if (key === 'Enter') return yes === undefined ? undefined : () => choose(session, row, yes);
  if (key === 'g' && row.guess !== undefined) return () => choose(session, row, row.guess!);
  if (key === 'x') return () => session.decide({ action: 'drop' });
  return key === 's' ? () => session.skip() : undefined;
}

/** The label a row has already is kept, not given anew. */
export function choose(session: Pick<LabelSession, 'decide'>, row: LabelRow, to: string): Promise<void> {
  return session.decide(to === row.label ? { action: 'keep' } : { action: 'relabel', to });
}
