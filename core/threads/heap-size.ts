import { setFlagsFromString } from 'node:v8';

/** Per cent that an old generation may grow between full collections when several threads each have one. */
const LEAN_GROWTH = 10;

/**
 * The start is over: with several I/O threads, each heap keeps less garbage. Not before, since V8 does not take what it has
 * compiled under other flags: see `scripts/bundle-loader.cjs`.
 */
export function afterBoot(ioThreads: number): void {
  if (ioThreads <= 1) return;
  setFlagsFromString(`--heap-growing-percent=${LEAN_GROWTH}`);
  // Without it the smallest step is 8 MB for each heap, whatever the percentage; with it, 2 MB.
  setFlagsFromString('--optimize-for-size');
}
