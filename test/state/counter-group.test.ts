import { Worker } from 'node:worker_threads';
import { type CounterGroup, type GroupRefusal, type GroupReservation, windowsOf } from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SharedGroup } from '../../core/state/counter-group.js';
import { CounterMemory, createCounterMemory } from '../../core/state/counter-memory.js';
import type { LeasePort } from '../../core/state/lease-port.js';
import { ROLLING_SLOTS, RollingCounter } from '../../core/state/rolling-counter.js';
import { SharedCounter } from '../../core/state/shared-counter.js';
import { memoryGroup } from '../../sdk-plugin/src/testing/memory-group.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 27, 12);
const CAPS = [100, 60, 80];
/** Nobody has to be asked. */
const ALONE: LeasePort = {
  raiseHolds: async () => ({ at: -1, verdict: 'held' }),
  setBase: async () => {},
};

function groupAt(clock: { now: number }) {
  const memory = createCounterMemory(2 + ROLLING_SLOTS);
  const now = (): number => clock.now;
  const counters = [
    new SharedCounter(memory, 0, windowsOf({ period: 'minute' }), now),
    new SharedCounter(memory, 1, windowsOf({}), now),
    new RollingCounter(memory, 2, MINUTE, now),
  ];
  return { counters, group: SharedGroup.of(counters, CounterMemory.of(memory), ALONE, now) };
}

describe('counters that are taken from together', () => {
  it('are taken from all, or from none when one would pass its cap, which is named', () => {
    const { counters, group } = groupAt({ now: START });
    const values = () => counters.map((counter) => counter.value());
    const taken = group.reserve([10, 20, 30], CAPS) as GroupReservation;
    expect(taken).toMatchObject({ refused: null, totals: [10, 20, 30] });
    expect(group.reserve([10, 41, 0], CAPS)).toEqual({ refused: 1, unavailable: false });
    expect(group.reserve([0, 0, 51], CAPS)).toEqual({ refused: 2, unavailable: false });
    expect(values()).toEqual([10, 20, 30]);
    taken.settle([1, Number.NaN, 3]);
    expect(values()).toEqual([1, 20, 3]);
    taken.settle([2, 5, 3]);
    expect(values()).toEqual([2, 5, 3]);
  });

  it('may hold one counter twice, which then holds both amounts', () => {
    const memory = createCounterMemory(1);
    const counter = new SharedCounter(memory, 0, windowsOf({}), () => START);
    const group = SharedGroup.of([counter, counter], CounterMemory.of(memory), ALONE, () => START);
    expect(group.reserve([6, 5], [10, 10])).toMatchObject({ refused: 1 });
    expect(counter.value()).toBe(0);
    expect(group.reserve([6, 4], [10, 10])).toMatchObject({ refused: null });
    expect(counter.value()).toBe(10);
  });

  it('must be counters of the same gateway', () => {
    const { counters } = groupAt({ now: START });
    expect(() => SharedGroup.of(counters, CounterMemory.of(createCounterMemory(1)), ALONE)).toThrow(
      'host.counters.open',
    );
  });

  it('count as each of them alone would, whatever is asked and whenever', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('reserve' as const),
        amounts: fc.tuple(fc.nat(60), fc.nat(40), fc.nat(50)),
      }),
      fc.record({
        do: fc.constant('settle' as const),
        which: fc.nat(20),
        used: fc.tuple(fc.nat(60), fc.constantFrom(Number.NaN, 7), fc.nat(50)),
      }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = { now: START };
        const [mine, alone] = [groupAt(clock), groupAt(clock)];
        const model = memoryGroup(alone.counters);
        const held: [GroupReservation, GroupReservation][] = [];
        for (const one of steps) {
          if (one.do === 'wait') clock.now += one.ms;
          else if (one.do === 'settle') {
            for (const taken of held[one.which % Math.max(1, held.length)] ?? []) taken.settle(one.used);
          } else {
            const ask = (group: CounterGroup) =>
              group.reserve([...one.amounts], CAPS) as GroupReservation | GroupRefusal;
            const [a, b] = [ask(mine.group), ask(model)];
            expect(a.refused).toBe(b.refused);
            if (a.refused === null && b.refused === null) held.push([a, b]);
          }
          expect(mine.counters.map((each) => each.value())).toEqual(
            alone.counters.map((each) => each.value()),
          );
        }
      }),
    );
  });

  /** 10,000 requests of unlike length from two threads, at once, on one dollar that an organization's keys share. */
  it('never pass a dollar by a nano-dollar over threads, and hold nothing back at the end', async () => {
    const memory = createCounterMemory(3);
    const dollar = 1_000_000_000;
    const gate = new SharedArrayBuffer(8);
    const flag = new Int32Array(gate);
    const told = [1, 2].map((seed) => {
      const workerData = { memory, cap: dollar, rounds: 5_000, gate, seed };
      const worker = new Worker(new URL('./hammer-group.mjs', import.meta.url), { workerData });
      return new Promise<{ highest: number; spent: number; granted: number }>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    });
    while (Atomics.load(flag, 1) < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    const all = await Promise.all(told);
    const spent = all.reduce((sum, one) => sum + one.spent, 0);
    const shared = new SharedCounter(memory, 0, windowsOf({}));
    expect(Math.max(...all.map(({ highest }) => highest))).toBeLessThanOrEqual(dollar);
    expect(spent).toBeLessThanOrEqual(dollar);
    // What the keys of the threads have spent is what the organization has.
    expect(shared.value()).toBe(spent);
    expect([1, 2].map((slot) => new SharedCounter(memory, slot, windowsOf({})).value())).toEqual(
      all.map((one) => one.spent),
    );
    expect(dollar - spent).toBeLessThan(dollar / 100);
    for (const { granted } of all) expect(granted).toBeGreaterThan(100);
  });
});
