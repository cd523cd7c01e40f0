import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { createCounterMemory } from '../../core/state/counter-memory.js';
import { SharedCounter } from '../../core/state/shared-counter.js';

interface Told {
  highest: number;
  kept: number;
  granted: number;
}

const CAP = 100;
const ROUNDS = 60_000;

/** Starts so many threads that wait for each other, lets them go at once and hears what they say. */
async function hammer(threads: number, memory: SharedArrayBuffer): Promise<Told[]> {
  const gate = new SharedArrayBuffer(8);
  const flag = new Int32Array(gate);
  const told = Array.from({ length: threads }, (_, i) => {
    const workerData = { memory, cap: CAP, rounds: ROUNDS, gate, seed: i + 1 };
    const worker = new Worker(new URL('./hammer.mjs', import.meta.url), { workerData });
    return new Promise<Told>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  });
  while (Atomics.load(flag, 1) < threads) await new Promise((resolve) => setTimeout(resolve, 5));
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  return Promise.all(told);
}

it('never passes the cap and ends exact when several threads take from one counter at once', async () => {
  const memory = createCounterMemory(1);
  const told = await hammer(4, memory);
  const counter = new SharedCounter(memory, 0, () => ({ start: 1, end: Number.MAX_SAFE_INTEGER }));
  expect(Math.max(...told.map(({ highest }) => highest))).toBeLessThanOrEqual(CAP);
  expect(counter.value()).toBe(told.reduce((sum, { kept }) => sum + kept, 0));
  // They did get in each other's way, or nothing was shown.
  for (const { granted } of told) expect(granted).toBeGreaterThan(0);
  expect(told.some(({ granted }) => granted < ROUNDS)).toBe(true);
}, 60_000);
