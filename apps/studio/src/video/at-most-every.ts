/** Doing less often what is asked for with every frame. */

export interface Calm {
  (): void;
  /** What is still to come is left out. */
  cancel(): void;
}

/** Does `action` when asked, and once in `ms` at most; what was asked for in between is done at the end of that time, once. */
export function atMostEvery(ms: number, action: () => void): Calm {
  let last = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const act = (): void => {
    timer = undefined;
    last = performance.now();
    action();
  };
  const ask = (): void => {
    if (timer !== undefined) return;
    const waitMs = last + ms - performance.now();
    if (waitMs <= 0) act();
    else timer = setTimeout(act, waitMs);
  };
  const cancel = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return Object.assign(ask, { cancel });
}
