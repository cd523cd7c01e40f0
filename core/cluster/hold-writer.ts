import { rollingMs } from '../state/counter-window.js';
import { forgetMsOf } from './counted.js';
import type { HoldAnswer, HoldAsk, HoldStore } from './hold-store.js';
import type { Lease } from './lease.js';

/** Buckets of counters, each with an epoch: in a Redis cluster each shard may lose its data by itself. */
export const BUCKETS = 32;
const DAY_MS = 86_400_000;
const SPARE_MS = 3_600_000;
/** A hold of what runs that was not written for so long is gone with its node; until then it is written anew. */
export const LIVE_MS = 5_000;

export interface HoldWriterWorld {
  readonly store: HoldStore;
  /** Live nodes, this one included; at least 1. */
  readonly nodes: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  /** A bucket has lost its data. */
  readonly onLost: (bucket: number, epoch: string) => void;
}

/** Writes what this node holds to the store, and puts in force here what the store says of it. */
export class HoldWriter {
  /** What is known of each bucket. */
  readonly epochs: string[] = Array.from({ length: BUCKETS }, () => '');
  /** See {@link HoldAsk.spared}. */
  spared = '';
  roundTrips = 0;

  constructor(private readonly world: HoldWriterWorld) {}

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

  /** Writes what is held, and asks for nothing. */
  keep(lease: Lease, final = false): Promise<HoldAnswer> {
    return this.step(lease, ({ floor }) => ({ least: floor, need: floor, want: floor }), final);
  }

  /** One write, and what it says is in force. */
  async step(
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
    this.roundTrips++;
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

  setHold(lease: Lease, hold: number, cap: number, elsewhere?: number): void {
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
  lower(lease: Lease, by: number): void {
    const { place } = lease;
    const { lock } = place.memory;
    const now = place.now();
    lock.acquire();
    const count = place.count(now);
    if (place.hold > count) place.hold = Math.max(count, place.hold - by);
    lock.release();
  }
}
