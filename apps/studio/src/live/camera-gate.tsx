/** A page that needs the camera: it asks first, tells what goes wrong, and turns the camera off when it is left. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ModelLoader } from '../model/model-loader.ts';
import { useStore } from '../store.ts';
import { CameraSession, type CameraState } from './camera-session.ts';
import { CameraStarting } from './camera-starting.tsx';
import { LiveFailure } from './live-failure.tsx';

export type RunningCamera = Extract<CameraState, { kind: 'running' }>;

export interface CameraGateProps {
  readonly loader: ModelLoader;
  /** Asks the person; `onAgree` starts the camera. */
  readonly consent: (onAgree: () => void) => ComponentChildren;
  /** Shown with everything else while the camera is off. */
  readonly below?: ComponentChildren;
  readonly children: (camera: RunningCamera, session: CameraSession) => ComponentChildren;
}

/** What was pressed goes away with its section; the one in its place takes the focus, so that it is what is read and reached next. */
function useFocusOfSection(kind: CameraState['kind']): void {
  const shown = useRef(kind);
  useLayoutEffect(() => {
    const isNew = shown.current !== kind;
    shown.current = kind;
    // Each section is a child of the page, and can take the focus. Whoever went elsewhere meanwhile is left there.
    if (isNew && document.activeElement === document.body) document.querySelector<HTMLElement>('main > [tabindex="-1"]')?.focus();
  }, [kind]);
}

export function CameraGate({ loader, consent, below, children }: CameraGateProps) {
  const [session] = useState(() => new CameraSession(loader));
  const state = useStore(session.state);
  useEffect(() => () => session.stop(), [session]);
  useFocusOfSection(state.kind);
  const start = (): void => void session.start();
  if (state.kind === 'running') return <>{children(state, session)}</>;
  return (
    <>
      {state.kind === 'asking' && consent(start)}
      {state.kind === 'starting' && <CameraStarting onCancel={() => session.stop()} />}
      {state.kind === 'failed' && <LiveFailure code={state.code} message={state.message} onRetry={start} />}
      {below}
    </>
  );
}
