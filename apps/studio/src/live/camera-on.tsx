/** The sign that the camera is on, with the way to turn it off; it stays on the screen when the picture is scrolled away. */
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { strings } from '../strings.ts';

const words = strings.live;

export interface CameraOnProps {
  /** What holds the picture, and this sign. */
  readonly stage: RefObject<HTMLElement | null>;
  /** Whether what it shows is kept. */
  readonly recording?: boolean | undefined;
  /** Undefined: the sign alone. */
  readonly onStop?: (() => void) | undefined;
}

/** Whether less than half of the element is on the screen. */
function useScrolledAway(element: RefObject<HTMLElement | null>): boolean {
  const [away, setAway] = useState(false);
  useEffect(() => {
    const watcher = new IntersectionObserver(([entry]) => entry && setAway(entry.intersectionRatio < 0.5), { threshold: 0.5 });
    watcher.observe(element.current!);
    return () => watcher.disconnect();
  }, [element]);
  return away;
}

function Sign({ onStop, recording, away }: Omit<CameraOnProps, 'stage'> & { readonly away: boolean }) {
  return (
    <div class={away ? 'camera-on away' : 'camera-on'}>
      <span class="lamp" aria-hidden="true" />
      <span>{recording ? words.cameraRecording : words.cameraOn}</span>
      {onStop && (
        <button type="button" onClick={onStop}>
          {words.stop}
        </button>
      )}
    </div>
  );
}

export function CameraOn({ stage, recording, onStop }: CameraOnProps) {
  const away = useScrolledAway(stage);
  return (
    <>
      <Sign onStop={onStop} recording={recording} away={false} />
      {/* A second one, so that the page does not move when the first is scrolled away. */}
      {away && <Sign onStop={onStop} recording={recording} away />}
    </>
  );
}
