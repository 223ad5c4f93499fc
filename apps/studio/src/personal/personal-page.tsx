/** The page "Personal": a correction and a model for one face, made and kept in this tab. */
import { CameraGate } from '../live/camera-gate.tsx';
import { Consent } from '../live/consent.tsx';
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
  return (
    <CameraGate
      loader={loader}
      consent={(onAgree) => (
        <>
          <OwnModel loader={loader} />
          <Consent title={words.title} lead={words.lead} onAgree={onAgree} />
        </>
      )}
    >
      {({ kind: _, ...camera }, session) => (
        <PersonalView {...camera} loader={loader} latest={session.latest} onTry={(model) => session.tryModel(model)} onStop={() => session.stop()} />
      )}
    </CameraGate>
  );
}
