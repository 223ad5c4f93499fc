/** The page "Live": a camera, and what its faces show. */
import type { StudioContext } from '../studio-context.ts';
import { CameraGate } from './camera-gate.tsx';
import { Consent } from './consent.tsx';
import { KeptSession } from './kept-session.tsx';
import { LiveView } from './live-view.tsx';
import { SessionKeeper } from './session-keeper.ts';
import '../styles/faces.css';
import '../styles/live.css';

/** One a tab: a recording outlives the camera, and this page. */
const keeper = new SessionKeeper();

export function LivePage({ loader }: StudioContext) {
  return (
    <CameraGate loader={loader} consent={(onAgree) => <Consent onAgree={onAgree} />} below={<KeptSession keeper={keeper} />}>
      {({ video, mien, live, labels }, session) => (
        <LiveView video={video} live={live} model={mien.card.name} labels={labels} keeper={keeper} latest={session.latest} onStop={() => session.stop()} />
      )}
    </CameraGate>
  );
}
