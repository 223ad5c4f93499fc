/** Ctrl-C and SIGTERM as every long verb understands them. */

/** The first signal calls `onFirst`, the second one ends the process. Returns what takes the listeners away. */
export function onTwoSignals(onFirst: () => void): () => void {
  const names = ['SIGINT', 'SIGTERM'] as const;
  let asked = false;
  const onSignal = (name: NodeJS.Signals): void => {
    if (asked) {
      // The signal's default end, not `process.exit`: that takes apart threads which still compute, and aborts with a complaint of theirs.
      process.off(name, onSignal);
      process.kill(process.pid, name);
      return;
    }
    asked = true;
    onFirst();
  };
  for (const name of names) process.on(name, onSignal);
  return () => {
    for (const name of names) process.off(name, onSignal);
  };
}
