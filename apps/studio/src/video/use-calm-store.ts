/** A store that changes with every frame, shown ten times a second at most; what it comes to rest at is always shown. */
import { useEffect, useState } from 'preact/hooks';
import type { Store } from '../store.ts';
import { atMostEvery } from './at-most-every.ts';

const everyMs = 100;

export function useCalmStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.value);
  useEffect(() => {
    const show = atMostEvery(everyMs, () => setValue(() => store.value));
    // What changed between rendering and this effect would otherwise be missed.
    show();
    const unsubscribe = store.subscribe(show);
    return () => {
      unsubscribe();
      show.cancel();
    };
  }, [store]);
  return value;
}
