import type { CounterWindow } from '../state/counter-window.js';
import type { Place } from '../state/place.js';
import { aboutOf } from './counted.js';

/** A request, or several of a tick, that its thread could not serve from what the node holds. */
export interface LeaseWait {
  readonly amount: number;
  readonly cap: number;
  readonly done: (verdict: LeaseVerdict) => void;
}

/** `held`: try again, more is held; `refused`: it does not fit; `base`: first say what was used before; `away`: nobody can tell. */
export type LeaseVerdict = 'held' | 'refused' | 'base' | 'away';

/** A margin lasts for so many looks, which come every 100 ms. */
const LOOKS_AHEAD = 15;
/** Looks without growth after which a margin is given back. */
export const IDLE_LOOKS = 10;
/** Requests like the one that waited are held for, until it is known how many there are. */
const FIRST_REQUESTS = 8;
const FADING = 0.85;

/** What the main thread knows of one counter that nodes share. */
export class Lease {
  seq = 0;
  /** Start of the window that all of this is about. */
  start = Number.NaN;
  base = '';
  /** The same as the ledger told it while the store was away, with what others have used since; '' when it was not asked. */
  guess = '';
  baseSum = 0;
  others = 0;
  /** Most, as last asked for; NaN before anybody did. */
  cap = Number.NaN;
  readonly waits: LeaseWait[] = [];
  serving = false;
  /** Who is being served waits for something else than the store: what must be written may be. */
  resting = false;
  /** What is written meanwhile. */
  meanwhile: Promise<void> = Promise.resolve();
  /** Another node wants back what is not needed here. */
  wanted = false;
  /** As last written, and when on the clock that never jumps. */
  written = { count: 0, hold: 0, at: Number.NEGATIVE_INFINITY };
  /** A write was not answered: more may be held there than here. */
  unsure = false;
  /** Until then a request of at least that amount is refused without asking. */
  refused = { until: 0, amount: 0 };
  /** It took its part of what was left when the store went away. */
  sharedOut = false;
  /** Looks since it last grew or somebody waited. */
  idle = 0;
  private rate = 0;
  private last = 0;
  private typical = 0;
  private looks = 0;
  private leastMargin = Number.POSITIVE_INFINITY;

  constructor(
    readonly name: string,
    readonly bucket: number,
    readonly place: Place,
    readonly window: CounterWindow,
  ) {
    this.about = this.isLive ? '' : aboutOf(window);
  }

  /** What the next life of this node may ask the ledger; see `aboutOf`. */
  readonly about: string;

  get key(): string {
    return `${this.name}:${this.start}`;
  }

  /** A window has ended: nothing is held in the next one. */
  begin(start: number): void {
    if (Object.is(start, this.start)) return;
    this.start = start;
    this.base = '';
    this.guess = '';
    this.baseSum = 0;
    this.others = 0;
    this.written = { count: 0, hold: 0, at: Number.NEGATIVE_INFINITY };
    this.refused = { until: 0, amount: 0 };
    this.sharedOut = false;
    this.unsure = false;
    this.last = 0;
  }

  /** What is held beside what is needed. */
  margin(): number {
    return Math.max(Math.ceil(this.rate * LOOKS_AHEAD), FIRST_REQUESTS * this.typical);
  }

  /** Somebody waits for that much. */
  note(amount: number): void {
    this.idle = 0;
    if (amount > this.typical) this.typical = amount;
  }

  /** One look: how the count grows. Returns by how much the margin may be smaller, NaN when that is not known yet. */
  look(count: number, hold: number): number {
    const growth = Math.max(0, count - this.last);
    this.last = count;
    this.rate = Math.max(this.rate * FADING, growth);
    this.idle = growth > 0 ? 0 : this.idle + 1;
    if (this.idle >= IDLE_LOOKS) {
      this.rate = 0;
      this.typical = 0;
      this.looks = 0;
      this.leastMargin = Number.POSITIVE_INFINITY;
      return hold - count;
    }
    this.leastMargin = Math.min(this.leastMargin, hold - count);
    if (++this.looks < IDLE_LOOKS) return Number.NaN;
    const least = this.leastMargin;
    this.looks = 0;
    this.leastMargin = Number.POSITIVE_INFINITY;
    this.typical = Math.floor(this.typical / 2);
    return Math.max(0, least - this.margin());
  }

  /** It grows. */
  get rising(): boolean {
    return this.rate > 0;
  }

  /** What runs is counted, not what was used. */
  get isLive(): boolean {
    const { rolling, period, windowMs } = this.window;
    return rolling !== true && period === undefined && windowMs === undefined;
  }
}
