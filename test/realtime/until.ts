import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for what happens in another process. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`);
    await sleep(20);
  }
}
