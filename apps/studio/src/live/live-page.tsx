/** The page "Live": a camera, and what its faces show. */
import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../store.ts';
import type { StudioContext } from '../studio-context.ts';
import { CameraSession } from './camera-session.ts';
import { CameraStarting } from './camera-starting.tsx';
import { Consent } from './consent.tsx';
import { LiveFailure } from './live-failure.tsx';
import { LiveView } from './live-view.tsx';
import '../styles/faces.css';
import '../styles/live.css';

export function LivePage({ loader }: StudioContext) {
  const [session] = useState(() => new CameraSession(loader));
  const state = useStore(session.state);
  // Leaving the page turns the camera off.
  useEffect(() => () => session.stop(), [session]);
  const start = (): void => void session.start();
  switch (state.kind) {
    case 'asking':
      return <Consent onAgree={start} />;
    case 'starting':
      return <CameraStarting onCancel={() => session.stop()} />;
    case 'failed':
      return <LiveFailure code={state.code} message={state.message} onRetry={start} />;
    default:
      return <LiveView {...state} latest={session.latest} onStop={() => session.stop()} />;
  }
}
