import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '../plugin/logger.js';
import { CounterMemory, HELD } from '../state/counter-memory.js';
import type { CounterWindow } from '../state/counter-window.js';
import type { LeasePort, RaiseAnswer } from '../state/lease-port.js';
import { counterAt } from '../state/open-counter.js';
import { nameOf } from '../store/node-life.js';
import { RedisLink, RedisRefusal } from '../store/redis/redis-link.js';
import type { RedisTarget } from '../store/redis/redis-target.js';
import { BUCKETS } from './hold-writer.js';
import { type ClusterPolicy, Lessor } from './lessor.js';
import { Recalls } from './recalls.js';
import { type EarlierLives, SettleLives } from './settle-lives.js';
import { Sweep } from './sweep.js';

export interface ClusterOptions {
  readonly target: RedisTarget;
  readonly policy: ClusterPolicy;
  /** Of the cluster; nodes with the same name on the same Redis are one. */
  readonly name: string;
  /** This node; the same after a restart. */
  readonly node: string;
  /** This start of it, hexadecimal. */
  readonly boot: string;
  /** Lives of this node before this one. */
  readonly earlier: EarlierLives;
  /** How many nodes there were of late, this one included; asked when Redis cannot tell. */
  readonly nodesOfLate: () => Promise<number>;
  readonly counters: SharedArrayBuffer;
  readonly log: LogLine;
}

/** How often a node says that it is there, and how often while nothing answers. */
const PRESENT_MS = 1_000;
const AGAIN_MS = 250;
/** Nodes that are there say so within that time. */
const HELLO_MS = 150;
/** A clock that is off by less is as good as right. */
const CLOCK_MS = 20;

type News =
  | { t: 'hello' | 'here' | 'changed'; from: string }
  | { t: 'give' | 'given'; from: string; key: string }
  | { t: 'lost'; from: string; bucket: number; epoch: string };

/** This node among others on the same Redis. Docs: docs/cluster.md. */
export class Cluster implements LeasePort {
  readonly lessor: Lessor;
  /** Something in the store was changed by another node. */
  onChanged: () => void = () => {};
  nodes = 1;
  private readonly link: RedisLink;
  private readonly me: string;
  private address: string | null = null;
  private readonly memory: CounterMemory;
  private readonly recalls: Recalls;
  private readonly sweep: Sweep;
  private readonly before: SettleLives;
  private timer: NodeJS.Timeout | undefined;
  private someoneIsThere = false;
  /** It is known what Redis knows; not before it first answers. */
  private met = false;
  private closed = false;

  private constructor(private readonly options: ClusterOptions) {
    this.me = nameOf(options);
    this.memory = CounterMemory.of(options.counters);
    this.link = new RedisLink(options.target, options.name, this.me, () =>
      randomBytes(9).toString('base64url'),
    );
    this.recalls = new Recalls(
      (key) => this.tell({ t: 'give', from: this.me, key }),
      () => this.nodes - 1,
    );
    this.lessor = new Lessor({
      store: this.link,
      memory: this.memory,
      policy: options.policy,
      nodes: () => this.nodes,
      monotonic: () => performance.now(),
      sleep: (ms) => sleep(ms),
      recall: (key) => this.recalls.recall(key),
      gaveBack: (key) => this.tell({ t: 'given', from: this.me, key }),
      onAway: (error) => this.onAway(error),
      onLost: (bucket, epoch) => this.onLost(bucket, epoch),
    });
    this.sweep = new Sweep(this.lessor, () => performance.now());
    this.before = new SettleLives({
      store: this.link,
      lives: options.earlier,
      buckets: BUCKETS,
      now: this.memory.now,
      offset: () => this.memory.now() - Date.now(),
      log: options.log,
      onDone: () => {
        this.lessor.holds.spared = '';
      },
    });
  }

  /** Where Redis does not answer, the policy counts from the first request on. Rejects, with words for people, when it lets nobody in. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    await cluster.begin();
    return cluster;
  }

  /** Names this node in its present run; no other has had it. */
  get run(): string {
    return this.options.boot;
  }

  get policy(): ClusterPolicy {
    return this.options.policy;
  }

  get away(): boolean {
    return this.lessor.away;
  }

  /** Host and port. */
  get shown(): string {
    return this.link.shown;
  }

  /** Reservations so far, of all threads. */
  get reservations(): number {
    return this.memory.reservations;
  }

  /** What plugins share; rejects while Redis is away. */
  get values(): Pick<RedisLink, 'get' | 'set' | 'delete'> {
    return this.link;
  }

  /** The counter at that place is shared with the other nodes. */
  share(slot: number, name: string, window: CounterWindow): void {
    this.lessor.add(slot, name, counterAt(this.options.counters, slot, window), window);
  }

  raiseHolds(
    slots: readonly number[],
    amounts: readonly number[],
    caps: readonly number[],
  ): Promise<RaiseAnswer> {
    return this.lessor.raise(slots, amounts, caps);
  }

  async setBase(slot: number, start: number, pairs: readonly number[]): Promise<void> {
    this.lessor.setBase(slot, start, pairs);
  }

  /** From now on the other nodes reach this one there. */
  announce(address: string): void {
    this.address = address;
    this.link.announce(this.run, address).catch(() => {});
  }

  /** Where a node is reached; null when it is gone. Rejects while Redis is away. */
  addressOf(run: string): Promise<string | null> {
    return this.link.addressOf(run);
  }

  /** Other nodes look at the store at once. */
  changed(): void {
    this.tell({ t: 'changed', from: this.me });
  }

  /** No request may run any more. What was used stays counted, everything else is given back. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.sweep.stop();
    this.before.stop();
    if (!this.away) await this.lessor.close();
    if (this.address !== null) await this.link.unannounce(this.run).catch(() => {});
    await this.link.leave().catch(() => {});
    this.link.close();
  }

  /** Ends as a crash does: nothing is written any more. */
  abandon(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.sweep.stop();
    this.before.stop();
    this.link.close();
  }

  private async begin(): Promise<void> {
    this.link.onMessage = (text) => this.hear(text);
    this.memory.mode = HELD;
    try {
      await this.link.connect();
      await this.present();
      await this.learnEpochs();
      this.later();
    } catch (error) {
      if (error instanceof RedisRefusal) {
        this.link.close();
        throw error;
      }
      this.nodes = Math.max(1, await this.options.nodesOfLate().catch(() => 1));
      this.onAway(error);
    }
    this.sweep.start();
    const { names } = this.options.earlier;
    if (names.length === 0) return;
    this.lessor.holds.spared = names.join(' ');
    this.before.start();
  }

  /** Where Redis knows nothing, either nobody was ever there, or it has lost what those who are there hold. */
  private async learnEpochs(): Promise<void> {
    const found = await this.link.epochs(BUCKETS);
    if (found.includes('')) {
      this.tell({ t: 'hello', from: this.me });
      await sleep(HELLO_MS);
      // Who has served without Redis may have used something, and so may others.
      await this.link.makeEpochs(BUCKETS, !this.someoneIsThere && !this.away);
    }
    const { epochs } = this.lessor.holds;
    (await this.link.epochs(BUCKETS)).forEach((epoch, bucket) => {
      epochs[bucket] = epoch;
    });
    this.met = true;
  }

  private later(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => void this.beat(), this.away ? AGAIN_MS : PRESENT_MS);
    this.timer.unref();
  }

  private async beat(): Promise<void> {
    try {
      await this.present();
      if (!this.met) await this.learnEpochs();
      (await this.link.epochs(BUCKETS)).forEach((epoch, bucket) => {
        // One that is gone is made anew by whoever writes first.
        if (epoch !== '' && epoch !== this.lessor.holds.epochs[bucket]) this.onLost(bucket, epoch);
      });
      if (this.away) await this.onBack();
    } catch (error) {
      this.onAway(error);
    }
    this.later();
  }

  private async present(): Promise<void> {
    const before = Date.now();
    if (this.address !== null) await this.link.announce(this.run, this.address);
    const { now, nodes } = await this.link.present();
    const offset = Math.round(now - (before + Date.now()) / 2);
    // Windows go by the clock of Redis, so that no node begins one before the others.
    this.memory.clockOffset = Math.abs(offset) < CLOCK_MS ? 0 : offset;
    this.nodes = nodes;
  }

  private onAway(error: unknown): void {
    if (this.away || this.closed) return;
    this.lessor.setAway(true);
    this.options.log('warn', 'Redis does not answer', {
      redis: this.shown,
      policy: this.policy,
      error: error instanceof Error ? error.message : String(error),
    });
    clearTimeout(this.timer);
    this.later();
  }

  private async onBack(): Promise<void> {
    // What answers may still refuse to write.
    await this.lessor.putBack(null);
    this.lessor.setAway(false);
    // What was taken meanwhile.
    await this.lessor.putBack(null);
    this.options.log('info', 'Redis answers again', { redis: this.shown });
  }

  private onLost(bucket: number, epoch: string): void {
    const { lessor, options } = this;
    if (lessor.holds.epochs[bucket] === epoch) return;
    if (bucket === 0)
      options.log('warn', 'Redis has lost its data; what is held here is put back', { redis: this.shown });
    lessor.holds.epochs[bucket] = epoch;
    this.tell({ t: 'lost', from: this.me, bucket, epoch });
    lessor.putBack(bucket).catch((error) => this.onAway(error));
  }

  private tell(news: News): void {
    if (!this.closed) this.link.publish(JSON.stringify(news)).catch(() => {});
  }

  private hear(text: string): void {
    let news: News;
    try {
      news = JSON.parse(text) as News;
    } catch {
      // Somebody else writes to this channel.
      return;
    }
    if (news?.from === this.me || this.closed) return;
    if (news.t === 'hello') this.tell({ t: 'here', from: this.me });
    else if (news.t === 'here') this.someoneIsThere = true;
    else if (news.t === 'changed') this.onChanged();
    else if (news.t === 'give') this.lessor.recalled(news.key);
    else if (news.t === 'given') this.recalls.given(news.key);
    else if (news.t === 'lost') this.onLost(news.bucket, news.epoch);
  }
}
