/** Kiosk mode: one element fills the screen. */
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export interface Kiosk {
  readonly on: boolean;
  readonly enter: () => void;
  readonly leave: () => void;
}

/** Where the browser does not give the whole screen, the element fills the window. Escape leaves. */
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
    return () => {
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
