/** The page "Live": a camera, and what its faces show. */
import type { StudioContext } from '../studio-context.ts';
import { CameraGate } from './camera-gate.tsx';
import { Consent } from './consent.tsx';
import { LiveView } from './live-view.tsx';
import '../styles/faces.css';
import '../styles/live.css';

export function LivePage({ loader }: StudioContext) {
  return (
    <CameraGate loader={loader} consent={(onAgree) => <Consent onAgree={onAgree} />}>
      {({ video, live, labels }, session) => <LiveView video={video} live={live} labels={labels} latest={session.latest} onStop={() => session.stop()} />}
    </CameraGate>
  );
}
