/** Kiosk mode: one element fills the screen. */
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export interface Kiosk {
  readonly on: boolean;
  readonly enter: () => void;
  readonly leave: () => void;
}

/** Where the browser does not give the whole screen, the element fills the window. Escape leaves. The screen stays on meanwhile. */
export function useKiosk(element: RefObject<HTMLElement | null>): Kiosk {
  const [on, setOn] = useState(false);
  useEffect(() => {
    if (!on) return;
    const follow = (): void => {
      if (!document.fullscreenElement) setOn(false);
    };
    const leaveByKey = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') setOn(false);
    };
    document.addEventListener('fullscreenchange', follow);
    addEventListener('keydown', leaveByKey);
    // Nobody touches a kiosk for hours. Where the browser has no such lock, or the battery is low, the screen may go dark.
    const awake = navigator.wakeLock?.request('screen').catch(() => undefined);
    return () => {
      void awake?.then((lock) => lock?.release());
      document.removeEventListener('fullscreenchange', follow);
      removeEventListener('keydown', leaveByKey);
    };
  }, [on]);
  return {
    on,
    enter: () => {
      setOn(true);
      element.current?.requestFullscreen?.().catch(() => {});
    },
    leave: () => {
      setOn(false);
      if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    },
  };
}
