import { type Reservation, windowsOf } from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounterMemory } from '../../core/state/counter-memory.js';
import { openCounter } from '../../core/state/open-counter.js';
import { SharedCounter } from '../../core/state/shared-counter.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 22, 12);

function counterAt(clock: { now: number }, memory = createCounterMemory(4), slot = 1): SharedCounter {
  return new SharedCounter(memory, slot, windowsOf({ period: 'minute' }), () => clock.now);
}

describe('a shared counter', () => {
  it('reserves up to the cap and not one further', () => {
    const counter = counterAt({ now: START });
    expect(counter.reserve(60, 100)?.total).toBe(60);
    expect(counter.reserve(41, 100)).toBeNull();
    expect(counter.reserve(40, 100)?.total).toBe(100);
    expect(counter.value()).toBe(100);
  });

  it('starts again with the next window and says when that is', () => {
    const clock = { now: START + 59_999 };
    const counter = counterAt(clock);
    counter.add(7);
    expect(counter.resetsAt()).toBe(START + MINUTE);
    clock.now++;
    expect(counter.value()).toBe(0);
    expect(counter.resetsAt()).toBe(START + 2 * MINUTE);
  });

  it('is the same for every object over the same place, and apart from its neighbours', () => {
    const memory = createCounterMemory(4);
    const clock = { now: START };
    counterAt(clock, memory, 1).add(5);
    expect([0, 1, 2].map((slot) => counterAt(clock, memory, slot).value())).toEqual([0, 5, 0]);
  });

  it('settles a reservation only in the window it was taken from', () => {
    const clock = { now: START };
    const counter = counterAt(clock);
    const early = counter.reserve(100, 1000);
    clock.now += MINUTE;
    counter.add(3);
    early?.settle(10);
    expect(counter.value()).toBe(3);
  });

  it('lets a reservation be settled again when more is known', () => {
    const counter = counterAt({ now: START });
    const taken = counter.reserve(100, 1000);
    taken?.settle(40);
    taken?.settle(70);
    taken?.settle(70);
    expect(counter.value()).toBe(70);
  });

  it('does not reset when the clock steps back a little', () => {
    const clock = { now: START };
    const counter = counterAt(clock);
    counter.add(9);
    clock.now -= 1_000;
    expect(counter.value()).toBe(9);
    clock.now = START + 1_000;
    expect(counter.value()).toBe(9);
  });

  /**
   * A machine woke up with its clock a day ahead, and a minute later the time server put it right. A counter that only
   * ever moves forward would have kept that one window open, and the key refused, for a whole day.
   */
  it('does not keep the window of a clock that was far ahead', () => {
    const clock = { now: START };
    const counter = counterAt(clock);
    clock.now += 24 * 60 * MINUTE;
    counter.add(9);
    clock.now = START + MINUTE;
    expect(counter.value()).toBe(9);
    clock.now += MINUTE;
    expect(counter.value()).toBe(0);
  });

  it('holds the sum of what is settled and what is still reserved, whatever the order and the clock', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('reserve' as const), amount: fc.nat(500) }),
      fc.record({ do: fc.constant('settle' as const), which: fc.nat(20), used: fc.nat(500) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 100, max: 3_000 }), (steps, cap) => {
        const clock = { now: START };
        const counter = counterAt(clock);
        const held: { taken: Reservation; amount: number; minute: number }[] = [];
        const minute = (): number => Math.floor(clock.now / MINUTE);
        const sum = (): number =>
          held.filter((one) => one.minute === minute()).reduce((total, one) => total + one.amount, 0);
        for (const one of steps) {
          if (one.do === 'wait') clock.now += one.ms;
          else if (one.do === 'reserve') {
            const before = sum();
            const taken = counter.reserve(one.amount, cap);
            expect(taken !== null).toBe(before + one.amount <= cap);
            if (taken !== null) held.push({ taken, amount: one.amount, minute: minute() });
          } else {
            const chosen = held[one.which % Math.max(1, held.length)];
            chosen?.taken.settle(one.used);
            if (chosen !== undefined) chosen.amount = one.used;
          }
          expect(counter.value()).toBe(sum());
        }
      }),
    );
  });
});

describe('what was counted before this process', () => {
  it('is asked for from the start of the window and counted before the counter is given out', async () => {
    const asked: number[] = [];
    const restore = async (since: number): Promise<number> => {
      asked.push(since);
      return 42;
    };
    const counter = await openCounter(createCounterMemory(1), 0, { period: 'year', restore });
    expect(asked).toEqual([Date.UTC(new Date().getUTCFullYear(), 0, 1)]);
    expect(counter.value()).toBe(42);
  });

  it('is counted once, however many threads ask, and never takes away what was counted since', async () => {
    const counter = counterAt({ now: START });
    await Promise.all([counter.restore(async () => 42), counter.restore(async () => 42)]);
    expect(counter.value()).toBe(42);
    counter.add(8);
    await counter.restore(async () => 45);
    expect(counter.value()).toBe(50);
  });

  it('is not counted in a window that began while it was read', async () => {
    const clock = { now: START };
    const counter = counterAt(clock);
    await counter.restore(async () => {
      clock.now += MINUTE;
      return 42;
    });
    expect(counter.value()).toBe(0);
  });

  it('fails the opening when nobody can tell', async () => {
    const restore = async (): Promise<number> => {
      throw new Error('no ledger');
    };
    await expect(openCounter(createCounterMemory(1), 0, { period: 'day', restore })).rejects.toThrow(
      'no ledger',
    );
  });
});
