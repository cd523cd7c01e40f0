import { type GroupRefusal, type GroupReservation, windowsOf } from '@headgate/sdk';
import type { HoldAnswer, HoldAsk } from '../../core/cluster/hold-store.js';
import { BUCKETS } from '../../core/cluster/hold-writer.js';
import { type ClusterPolicy, Lessor } from '../../core/cluster/lessor.js';
import { Sweep } from '../../core/cluster/sweep.js';
import { SharedGroup } from '../../core/state/counter-group.js';
import { CounterMemory, createCounterMemory, HELD } from '../../core/state/counter-memory.js';
import { SharedCounter } from '../../core/state/shared-counter.js';
import type { ModelHolds } from './model-holds.js';

export interface World {
  readonly clock: { now: number };
  readonly holds: ModelHolds;
  readonly policy: ClusterPolicy;
  readonly cap: number;
  /** Those that are there, for messages between them. */
  readonly nodes: Set<SimulatedNode>;
  /** Those who wait for the clock. */
  /** What lives that are over have used, by name. */
  readonly ledger: Map<string, number>;
  readonly asleep: { readonly until: number; readonly awake: () => void }[];
}

/** A write on its way to the store. */
interface Sent {
  readonly ask: HoldAsk;
  readonly answer: (answer: HoldAnswer) => void;
  readonly fail: (error: Error) => void;
  /** It was given up; the store may still do it. */
  given?: boolean;
}

/** A running request. */
interface Running {
  readonly amount: number;
  readonly taken: GroupReservation;
}

/** One node with one counter, on a network that loses and delays: what it sends waits until the test lets it arrive. */
export class SimulatedNode {
  readonly sent: Sent[] = [];
  readonly running: Running[] = [];
  readonly lessor: Lessor;
  readonly counter: SharedCounter;
  refused = 0;
  /** By requests that have ended. */
  settled = 0;
  /** Those who wait for what this node does not need. */
  readonly wanting: (() => void)[] = [];
  private readonly group: SharedGroup;
  private readonly sweep: Sweep;
  private readonly memory: CounterMemory;

  constructor(
    readonly name: string,
    private readonly world: World,
    /** Lives of this node that are over and not settled. */
    private earlier: readonly string[] = [],
  ) {
    const { clock, holds, nodes, cap, policy } = world;
    const buffer = createCounterMemory(1);
    this.memory = CounterMemory.of(buffer);
    this.memory.mode = HELD;
    this.counter = new SharedCounter(buffer, 0, windowsOf({ period: 'year' }), () => clock.now);
    this.lessor = new Lessor({
      store: { hold: (ask) => new Promise((answer, fail) => this.sent.push({ ask, answer, fail })) },
      memory: this.memory,
      policy,
      nodes: () => nodes.size,
      monotonic: () => clock.now,
      sleep: (ms) => new Promise((awake) => world.asleep.push({ until: clock.now + ms, awake })),
      recall: async (key) => {
        const others = [...nodes].filter((other) => other !== this && !other.lessor.away);
        const all = others.map(
          (other) =>
            new Promise<void>((given) => {
              other.wanting.push(given);
              other.lessor.recalled(key);
            }),
        );
        await Promise.all(all);
      },
      gaveBack: () => this.give(),
      onAway: () => {
        this.lessor.setAway(true);
        this.give();
      },
      onLost: (bucket, epoch) => this.onLost(bucket, epoch),
    });
    for (let bucket = 0; bucket < BUCKETS; bucket++)
      this.lessor.holds.epochs[bucket] = holds.epoch(bucket, true);
    this.lessor.add(0, 'money', this.counter, { period: 'year', restored: true });
    this.lessor.holds.spared = earlier.join(' ');
    this.sweep = new Sweep(this.lessor, () => clock.now);
    const port = {
      raiseHolds: (...asked: Parameters<Lessor['raise']>) => this.lessor.raise(...asked),
      setBase: async (slot: number, start: number, pairs: readonly number[]) =>
        this.lessor.setBase(slot, start, pairs),
    };
    this.group = SharedGroup.of([this.counter], this.memory, port, () => clock.now);
    this.caps = [cap];
  }

  private readonly caps: number[];

  get key(): string {
    for (const lease of this.lessor.leases.values()) this.lessor.holds.read(lease);
    return [...this.lessor.leases.values()][0]?.key ?? '';
  }

  /** A request begins, now or when it may. */
  ask(amount: number): void {
    const taken = this.group.reserve([amount], this.caps);
    const begin = (later: GroupReservation | GroupRefusal): void => {
      if (later.refused === null) this.running.push({ amount, taken: later });
      else this.refused++;
    };
    if (taken instanceof Promise) void taken.then(begin);
    else begin(taken);
  }

  /** A request ends, having used a share of what was reserved. */
  end(which: number, share: number): void {
    const [one] = this.running.splice(which % Math.max(1, this.running.length), 1);
    if (one === undefined) return;
    const used = Math.floor(one.amount * share);
    this.settled += used;
    one.taken.settle([used]);
  }

  /** The ledger has read what earlier lives left. @param more how much more they may have used, as far as it knows */
  settleEarlier(more: number): void {
    const { holds, ledger } = this.world;
    for (const life of this.earlier) {
      const least = ledger.get(life) ?? 0;
      holds.settle({ key: this.key, bucket: 0, life, least, most: least + more, forgetMs: 0 });
    }
    this.earlier = [];
    this.lessor.holds.spared = '';
  }

  look(): void {
    this.sweep.look();
  }

  /** The oldest write arrives, or one of several ways in which it does not. */
  arrive(how: 'well' | 'lost' | 'answer-lost' | 'late'): void {
    const one = this.sent.find(({ given }) => how === 'late' || given !== true);
    if (one === undefined) return;
    if (how === 'lost') {
      this.sent.splice(this.sent.indexOf(one), 1);
      one.fail(new Error('lost'));
      return;
    }
    if (how === 'late' && one.given !== true) {
      // Given up here, and done there when the test says `late` again.
      one.given = true;
      one.fail(new Error('no answer in time'));
      return;
    }
    this.sent.splice(this.sent.indexOf(one), 1);
    const answer = this.world.holds.step(this.name, one.ask);
    if (one.given === true) return;
    if (how === 'answer-lost') one.fail(new Error('no answer in time'));
    else one.answer(answer);
  }

  /** The store answers again. */
  back(): void {
    if (!this.lessor.away) return;
    this.lessor.setAway(false);
    this.beat();
    this.lessor.putBack(null).catch(() => this.lessor.setAway(true));
  }

  /** Looks whether the store has lost its data. */
  beat(): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.onLost(bucket, this.world.holds.epoch(bucket));
  }

  /** Nobody waits for its answer any longer. */
  gone(): void {
    this.give();
  }

  private give(): void {
    for (const given of this.wanting.splice(0)) given();
  }

  private onLost(bucket: number, epoch: string): void {
    if (this.lessor.holds.epochs[bucket] === epoch) return;
    this.lessor.holds.epochs[bucket] = epoch;
    this.lessor.putBack(bucket).catch(() => this.lessor.setAway(true));
  }
}
