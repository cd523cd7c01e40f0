import type { Counter, CounterGroup, GroupRefusal, GroupReservation } from '@headgate/sdk';
import type { CounterMemory } from './counter-memory.js';
import { Place } from './place.js';

/** Counters that requests take from together: all of it or nothing, under one lock. */
export class SharedGroup implements CounterGroup {
  readonly size: number;
  private readonly refusals: readonly GroupRefusal[];

  private constructor(
    readonly memory: CounterMemory,
    readonly places: readonly Place[],
    private readonly now: () => number,
  ) {
    this.size = places.length;
    this.refusals = places.map((_, refused) => Object.freeze({ refused }));
  }

  /** Throws when they are not counters of this gateway. */
  static of(counters: readonly Counter[], memory: CounterMemory, now: () => number = Date.now): SharedGroup {
    const places = counters.map((counter) => {
      if (counter instanceof Place && counter.memory === memory) return counter;
      throw new TypeError('a group is of counters that host.counters.open has opened');
    });
    return new SharedGroup(memory, places, now);
  }

  reserve(amounts: number[], caps: readonly number[]): GroupReservation | GroupRefusal {
    const { places, size } = this;
    const now = this.now();
    const taken = new GroupTaken(this, amounts);
    const { totals, where } = taken;
    this.memory.lock.acquire();
    for (let i = 0; i < size; i++) {
      const place = places[i] as Place;
      const amount = amounts[i] as number;
      const total = place.count(now) + amount;
      if (total > (caps[i] as number)) {
        while (--i >= 0) (places[i] as Place).correct(where[i] as number, -(amounts[i] as number), now);
        this.memory.lock.release();
        return this.refusals[totals.length] as GroupRefusal;
      }
      totals.push(total);
      where.push(place.take(amount));
    }
    this.memory.lock.release();
    return taken;
  }

  /** NaN leaves what was taken. */
  settle(taken: GroupTaken, used: readonly number[]): void {
    const { places, size } = this;
    const { amounts, where } = taken;
    const now = this.now();
    this.memory.lock.acquire();
    for (let i = 0; i < size; i++) {
      const amount = used[i] as number;
      const delta = amount - (amounts[i] as number);
      if (delta === 0 || Number.isNaN(delta)) continue;
      amounts[i] = amount;
      (places[i] as Place).correct(where[i] as number, delta, now);
    }
    this.memory.lock.release();
  }
}

class GroupTaken implements GroupReservation {
  readonly refused = null;
  readonly totals: number[] = [];
  readonly where: number[] = [];

  constructor(
    private readonly group: SharedGroup,
    readonly amounts: number[],
  ) {}

  settle(used: readonly number[]): void {
    this.group.settle(this, used);
  }
}
