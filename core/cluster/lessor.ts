import type { CounterMemory } from '../state/counter-memory.js';
import { FREE_OF_HOLDS, HELD } from '../state/counter-memory.js';
import type { CounterWindow } from '../state/counter-window.js';
import { rollingMs } from '../state/counter-window.js';
import type { Place } from '../state/place.js';
import { forgetMsOf } from './counted.js';
import { baseOf, type HoldAnswer, type HoldAsk, type HoldStore } from './hold-store.js';
import { Lease, type LeaseVerdict, type LeaseWait } from './lease.js';

export type ClusterPolicy = 'open' | 'closed' | 'local-share';

/** What the lessor is told of the world around it. */
export interface LessorWorld {
  readonly store: HoldStore;
  readonly memory: CounterMemory;
  readonly policy: ClusterPolicy;
  /** Live nodes, this one included; at least 1. */
  readonly nodes: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Asks the other nodes to give back what they hold of a counter and do not need; resolves when they have, or soon. */
  readonly recall: (key: string) => Promise<void>;
  /** Tells that it was given back. */
  readonly gaveBack: (key: string) => void;
  /** The store does not answer. */
  readonly onAway: (error: unknown) => void;
  /** A bucket has lost its data. */
  readonly onLost: (bucket: number, epoch: string) => void;
}

/** Buckets of counters, each with an epoch: in a Redis cluster each shard may lose its data by itself. */
export const BUCKETS = 32;
const DAY_MS = 86_400_000;
const SPARE_MS = 3_600_000;
/** A hold of what runs that was not written for so long is gone with its node; until then it is written anew. */
export const LIVE_MS = 5_000;
/** A refusal is believed for so long. */
const REFUSED_MS = 100;
const MOST_STEPS = 8;

/** Raises and lowers what this node holds of the counters that nodes share. Of one counter, one step after the other. */
export class Lessor {
  readonly leases = new Map<number, Lease>();
  /** Those that are looked at every 100 ms. */
  readonly active = new Set<Lease>();
  /** What is known of each bucket. */
  readonly epochs: string[] = Array.from({ length: BUCKETS }, () => '');
  /** See {@link HoldAsk.spared}. */
  spared = '';
  away = false;
  readonly counts = { roundTrips: 0, waits: 0, refusals: 0, recalls: 0 };
  private readonly byName = new Map<string, Lease>();

  constructor(private readonly world: LessorWorld) {}

  /** A counter of that place is shared from now on. */
  add(slot: number, name: string, place: Place, window: CounterWindow): void {
    if (this.leases.has(slot)) return;
    const lease = new Lease(name, bucketOf(name), place, window);
    this.leases.set(slot, lease);
    this.byName.set(name, lease);
  }

  /** Waits until more is held of each of these counters, where that is needed. The place of the one that decides, and what it says. */
  async raise(
    slots: readonly number[],
    amounts: readonly number[],
    caps: readonly number[],
  ): Promise<{ at: number; verdict: LeaseVerdict }> {
    const asked = slots.map((slot, i) => {
      const lease = this.leases.get(slot);
      const amount = amounts[i] as number;
      const cap = caps[i] as number;
      if (lease === undefined || cap === Number.POSITIVE_INFINITY || amount <= 0) return 'held';
      const { count } = this.read(lease);
      return lease.place.holds(count + amount, cap) ? 'held' : this.ask(lease, amount, cap);
    });
    // Once, however many of its counters a request waits for.
    if (asked.some((one) => one instanceof Promise)) this.counts.waits++;
    const verdicts = await Promise.all(asked);
    for (const verdict of ['base', 'away', 'refused'] as const) {
      const at = verdicts.indexOf(verdict);
      if (at >= 0) return { at, verdict };
    }
    return { at: -1, verdict: 'held' };
  }

  /** What was used of a counter before all holds; nothing is changed when that is known already. */
  setBase(slot: number, start: number, pairs: readonly number[]): void {
    const lease = this.leases.get(slot);
    if (lease === undefined) return;
    this.read(lease);
    if (lease.start !== start || lease.base !== '') return;
    if (!this.away) lease.base = baseOf(pairs);
    else {
      lease.guess = baseOf(pairs);
      lease.baseSum = pairs.reduce((sum, amount, i) => (i % 2 === 0 ? sum + amount : sum), 0);
    }
  }

  /** Another node wants what is not needed here. */
  recalled(key: string): void {
    const lease = this.byName.get(key.slice(0, key.lastIndexOf(':')));
    const { count, hold } = lease === undefined ? { count: 0, hold: 0 } : this.read(lease);
    if (
      lease === undefined ||
      lease.key !== key ||
      (hold <= count && lease.written.hold <= count && !lease.unsure && !lease.serving)
    ) {
      this.world.gaveBack(key);
      return;
    }
    lease.wanted = true;
    if (!lease.serving) void this.serve(lease);
    // Two that want the same of each other would wait for each other.
    else if (lease.resting) this.beside(lease, () => this.giveBack(lease)).catch(() => {});
  }

  /** Writes the hold as it is, at once; with `lower`, as much less. Nothing when somebody is being served. */
  async renew(lease: Lease, { lower = 0, want = 0 }): Promise<void> {
    if (lease.serving || this.away) return;
    try {
      await this.alone(lease, async () => {
        if (lower > 0) this.lower(lease, lower);
        await this.step(lease, ({ floor, count }) => ({
          least: floor,
          need: floor,
          want: Math.max(floor, count + want),
        }));
      });
    } catch (error) {
      this.world.onAway(error);
    }
  }

  /** Puts back everything that this node holds in a bucket, or in all. Rejects when the store is away again. */
  async putBack(bucket: number | null): Promise<void> {
    const all = [...this.leases.values()].filter((lease) => bucket === null || lease.bucket === bucket);
    const work = all.map(async (lease) => {
      const { count, hold } = this.read(lease);
      if (count === 0 && hold === 0 && !lease.unsure) return;
      lease.sharedOut = false;
      this.active.add(lease);
      if (!lease.serving) await this.alone(lease, () => this.keep(lease));
      // Whoever is being served writes what is held too, unless it waits.
      else if (lease.resting) await this.beside(lease, () => this.keep(lease));
    });
    await Promise.all(work);
  }

  /** What was used stays, what was held beside it is free. */
  async close(): Promise<void> {
    const work = [...this.leases.values()].map(async (lease) => {
      const { count, hold } = this.read(lease);
      if (count === 0 && hold === 0 && lease.written.hold === 0 && !lease.unsure) return;
      this.lower(lease, Number.POSITIVE_INFINITY);
      await this.keep(lease, true);
    });
    await Promise.allSettled(work);
  }

  /** Count and hold of the window of now, in which the lease then is. */
  read(lease: Lease): { count: number; hold: number } {
    const { place } = lease;
    const { lock } = place.memory;
    const now = place.now();
    lock.acquire();
    const count = place.count(now);
    const hold = place.hold;
    const start = place.windowStart;
    lock.release();
    lease.begin(start);
    return { count, hold };
  }

  /** Of one counter, one step after the other: an answer that comes late must not undo a later one. */
  private async alone(lease: Lease, work: () => Promise<unknown>): Promise<void> {
    lease.serving = true;
    try {
      await work();
    } finally {
      lease.serving = false;
      if (lease.waits.length > 0 || lease.wanted) void this.serve(lease);
    }
  }

  /** The same while somebody is being served who waits for something else. */
  private beside(lease: Lease, work: () => Promise<unknown>): Promise<void> {
    const done = lease.meanwhile.then(async () => void (await work()));
    lease.meanwhile = done.catch(() => {});
    return done;
  }

  /** Nothing is written for the one that is served until that is over. */
  private async rest(lease: Lease, until: Promise<void>): Promise<void> {
    lease.resting = true;
    await until;
    lease.resting = false;
    await lease.meanwhile;
  }

  /** Writes what is held, and asks for nothing. */
  private keep(lease: Lease, final = false): Promise<HoldAnswer> {
    return this.step(lease, ({ floor }) => ({ least: floor, need: floor, want: floor }), final);
  }

  private ask(lease: Lease, amount: number, cap: number): LeaseVerdict | Promise<LeaseVerdict> {
    lease.note(amount);
    lease.cap = cap;
    this.active.add(lease);
    const { refused } = lease;
    if (amount >= refused.amount && this.world.monotonic() < refused.until) return 'refused';
    return new Promise((done) => {
      lease.waits.push({ amount, cap, done });
      if (!lease.serving) void this.serve(lease);
    });
  }

  private async serve(lease: Lease): Promise<void> {
    lease.serving = true;
    // What comes in the same tick is asked for together.
    await Promise.resolve();
    while (lease.waits.length > 0 || lease.wanted) {
      if (lease.wanted) await this.giveBack(lease);
      const waits = lease.waits.splice(0);
      if (waits.length === 0) continue;
      let verdict: LeaseVerdict;
      try {
        verdict = this.away ? this.withoutStore(lease, waits) : await this.raiseFor(lease, waits);
      } catch (error) {
        this.world.onAway(error);
        verdict = this.withoutStore(lease, waits);
      }
      for (const { done } of waits) done(verdict);
    }
    lease.serving = false;
  }

  private async raiseFor(lease: Lease, waits: readonly LeaseWait[]): Promise<LeaseVerdict> {
    const smallest = Math.min(...waits.map(({ amount }) => amount));
    const sum = waits.reduce((all, { amount }) => all + amount, 0);
    lease.cap = Math.min(...waits.map(({ cap }) => cap));
    // What is held under a higher cap may be more than its part of this one: a raise has ended, or a rule was changed.
    if (lease.cap < lease.place.heldCap) this.lower(lease, Number.POSITIVE_INFINITY);
    let recalled = false;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const answer = await this.step(lease, ({ count, floor }) => {
        const least = Math.max(floor, count + smallest);
        const need = Math.max(floor, count + sum);
        return { least, need, want: need + lease.margin() };
      });
      if (answer.status === 'ok') return 'held';
      if (answer.status === 'base') return 'base';
      if (answer.status === 'wait') await this.rest(lease, this.world.sleep(answer.waitMs + 1));
      if (answer.status !== 'refused') continue;
      if (recalled || answer.others <= 0) break;
      // What others hold and do not need would be stranded otherwise.
      recalled = true;
      this.counts.recalls++;
      await this.rest(lease, this.world.recall(lease.key));
    }
    this.counts.refusals += waits.length;
    lease.refused = { until: this.world.monotonic() + REFUSED_MS, amount: smallest };
    return 'refused';
  }

  /** What this node may do by itself. */
  private withoutStore(lease: Lease, waits: readonly LeaseWait[]): LeaseVerdict {
    const { policy, memory, nodes } = this.world;
    if (policy === 'closed') return 'away';
    if (policy === 'open') return memory.mode === FREE_OF_HOLDS ? 'held' : 'away';
    const { count, hold } = this.read(lease);
    if (lease.sharedOut) return 'refused';
    if (lease.window.restored && lease.base === '' && lease.guess === '') return 'base';
    // Its part, once; what the others hold beyond what it last heard it cannot know.
    lease.sharedOut = true;
    const cap = Math.min(...waits.map((one) => one.cap));
    const floor = Math.max(count, hold);
    const left = Math.max(0, cap - lease.others - lease.baseSum - floor);
    this.setHold(lease, floor + Math.floor(left / nodes()), cap);
    return 'held';
  }

  private async giveBack(lease: Lease): Promise<void> {
    lease.wanted = false;
    const { key } = lease;
    try {
      if (!this.away) {
        this.lower(lease, Number.POSITIVE_INFINITY);
        await this.keep(lease);
      }
      this.world.gaveBack(key);
    } catch (error) {
      this.world.onAway(error);
    }
  }

  /** One write, and what it says is in force. */
  private async step(
    lease: Lease,
    wish: (now: { count: number; floor: number }) => Pick<HoldAsk, 'least' | 'need' | 'want'>,
    final = false,
  ): Promise<HoldAnswer> {
    const { count, hold } = this.read(lease);
    const { start, window, bucket } = lease;
    const rolling = rollingMs(window);
    const live = lease.isLive;
    const floor = Math.max(count, hold);
    const ask: HoldAsk = {
      key: lease.key,
      bucket,
      epoch: this.epochs[bucket] as string,
      seq: ++lease.seq,
      count,
      floor,
      ...wish({ count, floor }),
      cap: Number.isNaN(lease.cap) ? Number.POSITIVE_INFINITY : lease.cap,
      nodes: this.world.nodes(),
      keepMs: live ? DAY_MS : rolling > 0 ? rolling + SPARE_MS : this.keepMs(lease),
      forgetMs: live ? LIVE_MS : forgetMsOf(rolling),
      live,
      wantsBase: window.restored,
      base: lease.base,
      final,
      about: lease.about,
      spared: this.spared,
    };
    this.counts.roundTrips++;
    lease.unsure = true;
    const answer = await this.world.store.hold(ask);
    if (answer.status === 'epoch') {
      this.world.onLost(bucket, answer.epoch);
      return this.step(lease, wish, final);
    }
    if (!Object.is(lease.start, start)) return answer;
    lease.unsure = false;
    lease.others = answer.others;
    lease.baseSum = answer.baseSum;
    if (answer.base !== '') lease.base = answer.base;
    // What is in the store does not count what its nodes have used twice; where it knows nothing, rather too much.
    else if (lease.guess !== '') lease.base = lease.guess;
    lease.guess = '';
    if (answer.status === 'stale') return answer;
    lease.written = { count, hold: answer.hold, at: this.world.monotonic() };
    this.setHold(lease, answer.hold, ask.cap, answer.othersUsed + answer.baseSum);
    return answer;
  }

  /** The end of the window may be long ago on the clock of another node. */
  private keepMs(lease: Lease): number {
    const now = lease.place.now();
    return Math.max(0, lease.place.resetsAt() - now) + SPARE_MS;
  }

  private setHold(lease: Lease, hold: number, cap: number, elsewhere?: number): void {
    const { place, start } = lease;
    const { lock } = place.memory;
    const now = place.now();
    lock.acquire();
    place.count(now);
    if (Object.is(place.windowStart, start)) {
      place.hold = hold;
      place.heldCap = cap === Number.POSITIVE_INFINITY ? 0 : cap;
      if (elsewhere !== undefined) place.elsewhere = elsewhere;
    }
    lock.release();
  }

  /** First here, then in the store: what is held here is never more than there. */
  private lower(lease: Lease, by: number): void {
    const { place } = lease;
    const { lock } = place.memory;
    const now = place.now();
    lock.acquire();
    const count = place.count(now);
    if (place.hold > count) place.hold = Math.max(count, place.hold - by);
    lock.release();
  }

  /** Others take this node for gone: it may run on what it runs, but begin nothing. */
  fence(lease: Lease): void {
    if (this.world.policy !== 'open') this.lower(lease, Number.POSITIVE_INFINITY);
  }

  /** The store does not answer, or does again. */
  setAway(away: boolean): void {
    this.away = away;
    const { memory, policy } = this.world;
    memory.mode = away && policy === 'open' ? FREE_OF_HOLDS : HELD;
  }
}

export function bucketOf(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return (hash >>> 0) % BUCKETS;
}
