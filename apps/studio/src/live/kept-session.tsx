/** A recording that was not saved yet, where the camera is off. */
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import { SaveSession } from './save-session.tsx';
import type { SessionKeeper } from './session-keeper.ts';

const words = strings.live;

export function KeptSession({ keeper }: { readonly keeper: SessionKeeper }) {
  const kept = useStore(keeper.state);
  if (kept.kind !== 'kept') return null;
  const { session, labels, film } = kept;
  return (
    <section class="recording kept" aria-label={words.recording}>
      <p>{words.kept(session.looks.at(-1)!.seconds)}</p>
      <SaveSession session={session} labels={labels} {...(film ? { film } : {})} />
    </section>
  );
}
