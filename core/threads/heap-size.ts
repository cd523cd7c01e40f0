import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

// Loading modules makes the main thread's young generation grow to its full 48 MB, which a main thread that only steers
// others never uses again and never gives back. So it may not grow until the start is over. V8 reads the factor anew at
// every collection, for all threads of the process.
if (isMainThread) setFlagsFromString('--semi-space-growth-factor=1');

/** Per cent that an old generation may grow between full collections when several threads each have one. */
const LEAN_GROWTH = 10;

/** The start is over: young generations may grow; with several I/O threads, each heap keeps less garbage. */
export function afterBoot(ioThreads: number): void {
  setFlagsFromString('--semi-space-growth-factor=2');
  if (ioThreads > 1) {
    setFlagsFromString(`--heap-growing-percent=${LEAN_GROWTH}`);
    // Without it the smallest step is 8 MB for each heap, whatever the percentage; with it, 2 MB.
    setFlagsFromString('--optimize-for-size');
  }
}
