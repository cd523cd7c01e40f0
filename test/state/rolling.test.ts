import { Worker } from 'node:worker_threads';
import { ROLLING_CELLS, RollingSum } from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounterMemory, RECORD_BYTES } from '../../core/state/counter-memory.js';
import { ROLLING_SLOTS, RollingCounter } from '../../core/state/rolling-counter.js';

const WINDOW = 60_000;
const START = Date.UTC(2026, 10, 27);

describe('a sum over the time that has just passed', () => {
  it('is never less than what was counted in the window, nor more than in a sixtieth longer', () => {
    const steps = fc.array(fc.record({ after: fc.nat(20_000), amount: fc.nat(100) }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (all) => {
        const sum = new RollingSum(new Float64Array(ROLLING_CELLS), WINDOW);
        const counted: { at: number; amount: number }[] = [];
        let now = START;
        for (const { after, amount } of all) {
          now += after;
          const told = sum.at(now);
          const since = (length: number): number =>
            counted.filter(({ at }) => at > now - length).reduce((total, one) => total + one.amount, 0);
          expect(told).toBeGreaterThanOrEqual(since(WINDOW));
          expect(told).toBeLessThanOrEqual(since(WINDOW + WINDOW / 60));
          sum.add(amount);
          counted.push({ at: now, amount });
        }
      }),
    );
  });

  it('takes what a record outside knows so that it leaves no earlier than it should', async () => {
    // A request each second of the last ninety.
    const known = async (since: number): Promise<number> =>
      Array.from({ length: 90 }, (_, i) => START - i * 1000).filter((at) => at >= since).length;
    const sum = new RollingSum(new Float64Array(ROLLING_CELLS), WINDOW);
    const raise = await sum.restore(START, known);
    sum.at(START);
    raise();
    for (let later = 0; later <= WINDOW; later += 500) {
      const left = await known(START + later - WINDOW + 1);
      expect(sum.at(START + later)).toBeGreaterThanOrEqual(left);
    }
    expect(sum.at(START + WINDOW + WINDOW / 10)).toBe(0);
  });

  it('outlives a clock that steps back, and one that was years ahead', () => {
    const sum = new RollingSum(new Float64Array(ROLLING_CELLS), WINDOW);
    sum.at(START);
    sum.add(5);
    expect(sum.at(START - 30_000)).toBe(5);
    const ahead = START + 365 * 86_400_000;
    sum.at(ahead);
    sum.add(7);
    expect(sum.at(START)).toBe(7);
    expect(sum.at(START + WINDOW + 2000)).toBe(0);
  });
});

describe('a rolling counter in shared memory', () => {
  it('gives back to the stretch it took from, and nothing when that is gone', () => {
    let now = START;
    const counter = new RollingCounter(createCounterMemory(ROLLING_SLOTS), 0, WINDOW, () => now);
    const first = counter.reserve(10, 10);
    expect(counter.reserve(1, 10)).toBeNull();
    expect(counter.resetsAt()).toBe(START + WINDOW + 1000);
    first?.settle(4);
    expect(counter.value()).toBe(4);
    now += WINDOW + 1000;
    expect(counter.value()).toBe(0);
    first?.settle(0);
    expect(counter.value()).toBe(0);
  });

  it('keeps to its own place in the memory', () => {
    const memory = createCounterMemory(ROLLING_SLOTS * 3);
    const [before, mine, after] = [0, 1, 2].map(
      (i) => new RollingCounter(memory, i * ROLLING_SLOTS, WINDOW, () => START),
    ) as [RollingCounter, RollingCounter, RollingCounter];
    for (let i = 0; i < 500; i++) mine.add(3);
    expect([before.value(), mine.value(), after.value()]).toEqual([0, 1500, 0]);
    expect(ROLLING_SLOTS * RECORD_BYTES).toBeGreaterThanOrEqual(ROLLING_CELLS * 8);
  });

  it('counts exactly what threads count at once', async () => {
    const memory = createCounterMemory(ROLLING_SLOTS);
    const counter = new RollingCounter(memory, 0, 3_600_000);
    const each = 20_000;
    const worker = new Worker(new URL('./hammer-rolling.mjs', import.meta.url), {
      workerData: { memory, each },
    });
    await new Promise((resolve) => worker.once('message', resolve));
    const done = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('go');
    for (let i = 0; i < each; i++) counter.reserve(1, Number.MAX_SAFE_INTEGER);
    await done;
    expect(counter.value()).toBe(2 * each);
  });
});
