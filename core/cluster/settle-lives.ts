import { measured, type UsedBy } from '@headgate/sdk';
import type { LogLine } from '../plugin/logger.js';
import type { UsedInLife } from '../store/node-life.js';
import { type Counted, forgetMsOf, readAbout } from './counted.js';
import type { LifeStore } from './hold-store.js';

/** What the ledger knows of earlier lives of this node. Rejects while the database does not answer. */
export interface EarlierLives {
  readonly names: readonly string[];
  /** Null when it is not known exactly. */
  used(life: string, of: UsedBy, sinceMs: number): Promise<UsedInLife | null>;
  /** They have been settled. */
  forget(lives: readonly string[]): Promise<void>;
}

export interface SettleLivesOptions {
  readonly store: LifeStore;
  readonly lives: EarlierLives;
  readonly buckets: number;
  /** Unix milliseconds by the clock of the windows, and how far that is ahead of the clock of records. */
  readonly now: () => number;
  readonly offset: () => number;
  readonly log: LogLine;
  /** Nothing is left to settle. */
  readonly onDone: () => void;
}

const AGAIN_MS = 500;

/**
 * After a crash: finds out from the ledger what earlier lives of this node used of all that they held, and gives back the rest. Tries
 * until the ledger has read their spool and the store of holds answers. Where the ledger cannot tell, what was held stays counted.
 */
export class SettleLives {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private counters = 0;
  /** Told once. */
  private failure = '';

  constructor(private readonly options: SettleLivesOptions) {}

  start(): void {
    void this.run();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    const done = await this.settle().catch((error) => this.fails(error));
    if (this.stopped) return;
    if (done) this.options.onDone();
    else {
      this.timer = setTimeout(() => void this.run(), AGAIN_MS);
      this.timer.unref();
    }
  }

  private fails(error: unknown): false {
    const why = error instanceof Error ? error.message : String(error);
    if (why !== this.failure && !this.stopped)
      this.options.log('warn', 'what this node had reserved before cannot be given back yet', { error: why });
    this.failure = why;
    return false;
  }

  /** False: to be tried again. Rejects when something does not answer. */
  async settle(): Promise<boolean> {
    const { store, lives, buckets, log } = this.options;
    // Two processes with the same folder cannot be; with the same copied folder they can.
    if ((await store.alive(lives.names)).length > 0) return false;
    for (const life of lives.names) {
      for (let bucket = 0; bucket < buckets && !this.stopped; bucket++)
        for (const { key, about } of await store.heldBy(life, bucket)) {
          const counted = readAbout(about);
          if (counted !== null) await this.one(life, bucket, key, counted);
        }
    }
    if (this.stopped) return false;
    await lives.forget(lives.names);
    if (this.counters > 0)
      log('info', 'what this node had reserved when it crashed is given back', { counters: this.counters });
    return true;
  }

  private async one(life: string, bucket: number, key: string, counted: Counted): Promise<void> {
    const { store, lives, now, offset } = this.options;
    const { by, measure, rolling } = counted;
    const start = rolling > 0 ? now() - rolling : Number(key.slice(key.lastIndexOf(':') + 1));
    const used = await lives.used(life, by, start - offset());
    if (used === null) return;
    const free = await store.settle({
      key,
      bucket,
      life,
      least: measured(measure, used.least),
      most: measured(measure, used.most),
      forgetMs: forgetMsOf(rolling),
    });
    if (free !== null && free > 0) this.counters++;
  }
}
