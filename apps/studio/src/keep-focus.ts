/** Where the focus goes when what was pressed by keyboard goes away: to what stands in its place, not to the beginning of the page. */

const reachable = 'button:not(:disabled), a[href], input:not(:disabled), select:not(:disabled), summary, [tabindex]';
/** What was pressed may go away only when its work is done. */
const watchMs = 1000;

interface Step {
  readonly parent: Element;
  /** Of the child on the way to what was pressed. */
  readonly at: number;
}

/** From the pressed element's parent up to the page. */
function wayUp(pressed: Element): Step[] {
  const way: Step[] = [];
  for (let child = pressed; child.parentElement && child !== document.body; child = child.parentElement)
    way.push({ parent: child.parentElement, at: [...child.parentElement.children].indexOf(child) });
  return way;
}

/** What stands now where the way was broken off. */
function heir(way: readonly Step[]): HTMLElement | undefined {
  const step = way.find(({ parent }) => parent.isConnected && parent !== document.body);
  if (!step) return undefined;
  const place = step.parent.children[step.at] ?? step.parent.children[step.at - 1] ?? step.parent;
  const inside = place.matches(reachable) ? place : place.querySelector(reachable);
  return (inside ?? place) as HTMLElement;
}

function watch(pressed: Element): void {
  const way = wayUp(pressed);
  const until = performance.now() + watchMs;
  const look = (): void => {
    if (document.activeElement !== document.body) {
      // Another element has it, or what was pressed is there still.
      if (document.activeElement === pressed && performance.now() < until) requestAnimationFrame(look);
      return;
    }
    if (pressed.isConnected) {
      if (performance.now() < until) requestAnimationFrame(look);
      return;
    }
    const next = heir(way);
    if (!next) return;
    if (next.tabIndex < 0 && !next.hasAttribute('tabindex')) next.setAttribute('tabindex', '-1');
    next.focus({ preventScroll: true });
  };
  requestAnimationFrame(look);
}

/** Once for the whole page. A mouse has no need of it: its clicks are left alone. */
export function keepFocus(): void {
  const before = { capture: true };
  // Before the page hears of it, which may take the element away at once.
  addEventListener(
    'click',
    ({ detail, target }) => {
      if (detail === 0 && target instanceof Element && document.activeElement?.contains(target)) watch(document.activeElement);
    },
    before,
  );
}
