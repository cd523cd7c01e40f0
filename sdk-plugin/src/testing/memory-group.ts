import type { Counter, CounterGroup, GroupRefusal, GroupReservation, Reservation } from '../host.js';

/** Counters that are taken from together, without other threads. */
export function memoryGroup(counters: readonly Counter[]): CounterGroup {
  return {
    size: counters.length,
    reserve(amounts: number[], caps: readonly number[]): GroupReservation | GroupRefusal {
      const taken: Reservation[] = [];
      for (const [i, counter] of counters.entries()) {
        const one = counter.reserve(amounts[i] as number, caps[i] as number);
        if (one === null) {
          for (const each of taken) each.settle(0);
          return { refused: i, unavailable: false };
        }
        taken.push(one);
      }
      return {
        refused: null,
        totals: taken.map(({ total }) => total),
        settle(used) {
          taken.forEach((each, i) => {
            const amount = used[i] as number;
            if (!Number.isNaN(amount)) each.settle(amount);
          });
        },
      };
    },
  };
}
