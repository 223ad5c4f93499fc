/** The page around a picture is drawn less often than the picture. */
import { useEffect, useState } from 'preact/hooks';
import type { Store } from '../store.ts';

const beatMs = 100;

/** A number that grows while `store` changes, ten times a second at most. */
export function useBeat(store: Store<unknown>): number {
  const [beat, setBeat] = useState(0);
  useEffect(() => {
    let last = 0;
    return store.subscribe(() => {
      const now = performance.now();
      if (now - last < beatMs) return;
      last = now;
      setBeat((n) => n + 1);
    });
  }, [store]);
  return beat;
}
