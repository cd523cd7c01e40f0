import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, type Json } from '../fakes/json-value.js';
import type { Spawned } from './harness.js';

/** Every JSON line the gateway wrote so far. */
function logLines(gateway: Spawned): Json[] {
  return gateway
    .logs()
    .split('\n')
    .flatMap((line) => {
      try {
        const value: unknown = JSON.parse(line);
        return isObject(value) ? [value] : [];
      } catch {
        return [];
      }
    });
}

/** The log lines of settled requests: one a request. */
export const settledLines = (gateway: Spawned): Json[] =>
  logLines(gateway).filter((line) => 'outcome' in line);

/** Waits for the settled line that `wanted` picks; lines are written in batches, so it comes a little later. */
export async function settled(gateway: Spawned, wanted: (line: Json) => boolean): Promise<Json> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = settledLines(gateway).find(wanted);
    if (found !== undefined) return found;
    if (Date.now() > deadline) {
      const seen = settledLines(gateway)
        .slice(-10)
        .map((line) => JSON.stringify(line))
        .join('\n');
      throw new Error(
        `no settled line of that kind; the last ones:\n${seen}\nall output:\n${gateway.logs().slice(-4_000)}`,
      );
    }
    await sleep(25);
  }
}

/** The settled line of one request, by its `x-headgate-request-id`. */
export const settledById = (gateway: Spawned, id: string | null): Promise<Json> =>
  settled(gateway, (line) => id !== null && Object.values(line).includes(id));
