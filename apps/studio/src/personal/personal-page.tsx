/** The page "Personal": a correction and a model for one face, made and kept in this tab. */
import { useEffect, useState } from 'preact/hooks';
import { CameraSession } from '../live/camera-session.ts';
import { CameraStarting } from '../live/camera-starting.tsx';
import { Consent } from '../live/consent.tsx';
import { LiveFailure } from '../live/live-failure.tsx';
import { useStore } from '../store.ts';
import { strings } from '../strings.ts';
import type { StudioContext } from '../studio-context.ts';
import { PersonalView } from './personal-view.tsx';
import '../styles/faces.css';
import '../styles/live.css';
import '../styles/personal.css';

const words = strings.personal;

/** A model made here earlier and still in use can be thrown away without the camera. */
function OwnModel({ loader }: Pick<StudioContext, 'loader'>) {
  useStore(loader.catalogue);
  if (!loader.hasOwn) return null;
  return (
    <p class="own-model">
      {words.ownInUse}
      <button type="button" onClick={() => loader.forgetOwn()}>
        {words.forgetOwn}
      </button>
    </p>
  );
}

export function PersonalPage({ loader }: StudioContext) {
  const [session] = useState(() => new CameraSession(loader));
  const state = useStore(session.state);
  // Leaving the page turns the camera off and forgets the recordings.
  useEffect(() => () => session.stop(), [session]);
  const start = (): void => void session.start();
  switch (state.kind) {
    case 'asking':
      return (
        <>
          <OwnModel loader={loader} />
          <Consent title={words.title} lead={words.lead} onAgree={start} />
        </>
      );
    case 'starting':
      return <CameraStarting onCancel={() => session.stop()} />;
    case 'failed':
      return <LiveFailure code={state.code} message={state.message} onRetry={start} />;
    default:
      return <PersonalView {...state} loader={loader} latest={session.latest} onTry={(model) => void session.tryModel(model)} onStop={() => session.stop()} />;
  }
}
