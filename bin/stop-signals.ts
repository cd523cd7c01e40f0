/** Signals closer together than this are one: Ctrl-C comes from the terminal, and once more from npm, which passes it on. */
const SAME_MS = 500;

export interface StopListeners {
  /** The first signal: stop in order. */
  readonly stop: (signal: NodeJS.Signals) => void;
  /** The second one: somebody does not want to wait. A third one ends the process at once, whatever it is doing. */
  readonly force: (signal: NodeJS.Signals) => void;
}

/** Listens for SIGTERM and SIGINT, which mean the same. */
export function onStopSignals(listeners: StopListeners): void {
  let heard = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (now - lastAt < SAME_MS) return;
    lastAt = now;
    heard++;
    if (heard === 1) listeners.stop(signal);
    else if (heard === 2) listeners.force(signal);
    // Not `process.exit`: threads whose server is still open would abort the process.
    else process.kill(process.pid, 'SIGKILL');
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
