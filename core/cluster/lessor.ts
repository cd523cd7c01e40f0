import type { CounterMemory } from '../state/counter-memory.js';
import { FREE_OF_HOLDS, HELD } from '../state/counter-memory.js';
import type { CounterWindow } from '../state/counter-window.js';
import type { Place } from '../state/place.js';
import { baseOf } from './hold-store.js';
import { BUCKETS, HoldWriter, type HoldWriterWorld } from './hold-writer.js';
import { Lease, type LeaseVerdict, type LeaseWait } from './lease.js';

export type ClusterPolicy = 'open' | 'closed' | 'local-share';

/** What the lessor is told of the world around it. */
export interface LessorWorld extends HoldWriterWorld {
  readonly memory: CounterMemory;
  readonly policy: ClusterPolicy;
  readonly sleep: (ms: number) => Promise<void>;
  /** Asks the other nodes to give back what they hold of a counter and do not need; resolves when they have, or soon. */
  readonly recall: (key: string) => Promise<void>;
  /** Tells that it was given back. */
  readonly gaveBack: (key: string) => void;
  /** The store does not answer. */
  readonly onAway: (error: unknown) => void;
}

/** A refusal is believed for so long. */
const REFUSED_MS = 100;
const MOST_STEPS = 8;

/** Raises and lowers what this node holds of the counters that nodes share. Of one counter, one step after the other. */
export class Lessor {
  readonly leases = new Map<number, Lease>();
  /** Those that are looked at every 100 ms. */
  readonly active = new Set<Lease>();
  readonly holds: HoldWriter;
  away = false;
  readonly counts = { waits: 0, refusals: 0, recalls: 0 };
  private readonly byName = new Map<string, Lease>();

  constructor(private readonly world: LessorWorld) {
    this.holds = new HoldWriter(world);
  }

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
      const { count } = this.holds.read(lease);
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
    this.holds.read(lease);
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
    const { count, hold } = lease === undefined ? { count: 0, hold: 0 } : this.holds.read(lease);
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
        if (lower > 0) this.holds.lower(lease, lower);
        await this.holds.step(lease, ({ floor, count }) => ({
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
      const { count, hold } = this.holds.read(lease);
      if (count === 0 && hold === 0 && !lease.unsure) return;
      lease.sharedOut = false;
      this.active.add(lease);
      if (!lease.serving) await this.alone(lease, () => this.holds.keep(lease));
      // Whoever is being served writes what is held too, unless it waits.
      else if (lease.resting) await this.beside(lease, () => this.holds.keep(lease));
    });
    await Promise.all(work);
  }

  /** What was used stays, what was held beside it is free. */
  async close(): Promise<void> {
    const work = [...this.leases.values()].map(async (lease) => {
      const { count, hold } = this.holds.read(lease);
      if (count === 0 && hold === 0 && lease.written.hold === 0 && !lease.unsure) return;
      this.holds.lower(lease, Number.POSITIVE_INFINITY);
      await this.holds.keep(lease, true);
    });
    await Promise.allSettled(work);
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
    if (lease.cap < lease.place.heldCap) this.holds.lower(lease, Number.POSITIVE_INFINITY);
    let recalled = false;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const answer = await this.holds.step(lease, ({ count, floor }) => {
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
    const { count, hold } = this.holds.read(lease);
    if (lease.sharedOut) return 'refused';
    if (lease.window.restored && lease.base === '' && lease.guess === '') return 'base';
    // Its part, once; what the others hold beyond what it last heard it cannot know.
    lease.sharedOut = true;
    const cap = Math.min(...waits.map((one) => one.cap));
    const floor = Math.max(count, hold);
    const left = Math.max(0, cap - lease.others - lease.baseSum - floor);
    this.holds.setHold(lease, floor + Math.floor(left / nodes()), cap);
    return 'held';
  }

  private async giveBack(lease: Lease): Promise<void> {
    lease.wanted = false;
    const { key } = lease;
    try {
      if (!this.away) {
        this.holds.lower(lease, Number.POSITIVE_INFINITY);
        await this.holds.keep(lease);
      }
      this.world.gaveBack(key);
    } catch (error) {
      this.world.onAway(error);
    }
  }

  /** Others take this node for gone: it may run on what it runs, but begin nothing. */
  fence(lease: Lease): void {
    if (this.world.policy !== 'open') this.holds.lower(lease, Number.POSITIVE_INFINITY);
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
