import type { Counter, CounterGroup, GroupRefusal, GroupReservation } from '@headgate/sdk';
import { type CounterMemory, HELD } from './counter-memory.js';
import type { LeasePort } from './lease-port.js';
import { Place } from './place.js';

/** One counter is not held enough of: the other nodes must be asked. */
const SHORT = null;
/** Other requests may take what was asked for first. */
const MOST_TRIES = 20;

/** Counters that requests take from together: all of it or nothing, under one lock. */
export class SharedGroup implements CounterGroup {
  readonly size: number;
  private readonly refusals: readonly GroupRefusal[];
  private readonly slots: readonly number[];
  /** Which counter was short last, for when nothing else can be said. */
  private lastShort = 0;

  private constructor(
    readonly memory: CounterMemory,
    readonly places: readonly Place[],
    private readonly port: LeasePort,
    private readonly now: () => number,
  ) {
    this.size = places.length;
    this.refusals = places.map((_, refused) => Object.freeze({ refused, unavailable: false }));
    this.slots = places.map(({ slot }) => slot);
  }

  /**
   * Throws when they are not counters of this gateway.
   *
   * @param port asks for more where nodes share the counters
   */
  static of(
    counters: readonly Counter[],
    memory: CounterMemory,
    port: LeasePort,
    now: () => number = memory.now,
  ): SharedGroup {
    const places = counters.map((counter) => {
      if (counter instanceof Place && counter.memory === memory) return counter;
      throw new TypeError('a group is of counters that host.counters.open has opened');
    });
    return new SharedGroup(memory, places, port, now);
  }

  reserve(
    amounts: number[],
    caps: readonly number[],
  ): GroupReservation | GroupRefusal | Promise<GroupReservation | GroupRefusal> {
    return this.take(amounts, caps, true) ?? this.askAndTake(amounts, caps);
  }

  /** @param first counts as a reservation */
  private take(
    amounts: number[],
    caps: readonly number[],
    first: boolean,
  ): GroupReservation | GroupRefusal | typeof SHORT {
    const { places, size, memory } = this;
    const now = this.now();
    const taken = new GroupTaken(this, amounts);
    const { totals, where } = taken;
    memory.lock.acquire();
    const held = memory.mode === HELD;
    if (held && first) memory.countReservation();
    for (let i = 0; i < size; i++) {
      const place = places[i] as Place;
      const amount = amounts[i] as number;
      const cap = caps[i] as number;
      const total = place.count(now) + amount;
      const short = held && amount > 0 && !place.holds(total, cap);
      if (total > cap || short) {
        while (--i >= 0) (places[i] as Place).correct(where[i] as number, -(amounts[i] as number), now);
        memory.lock.release();
        if (total > cap) return this.refusals[totals.length] as GroupRefusal;
        this.lastShort = totals.length;
        return SHORT;
      }
      totals.push(held ? total + place.elsewhere : total);
      where.push(place.take(amount));
    }
    memory.lock.release();
    return taken;
  }

  private async askAndTake(
    amounts: number[],
    caps: readonly number[],
  ): Promise<GroupReservation | GroupRefusal> {
    const { port, slots, places } = this;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const { at, verdict } = await port.raiseHolds(slots, amounts, caps);
      if (verdict === 'refused') return this.refusals[at] as GroupRefusal;
      if (verdict === 'away') return { refused: at, unavailable: true };
      if (verdict === 'base') {
        const place = places[at] as Place;
        const { start, pairs } = await place.baseBy(place.restoredBy ?? (async () => 0));
        await port.setBase(place.slot, start, pairs);
      }
      const taken = this.take(amounts, caps, false);
      if (taken !== SHORT) return taken;
    }
    return this.refusals[this.lastShort] as GroupRefusal;
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
