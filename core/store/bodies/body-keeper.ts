import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { BodyKeeping, TakenBodies } from '../../observe/bodies/body-settings.js';
import type { LedgerSql } from '../ledger-sql.js';
import { BodyPlaces } from './body-places.js';
import { BodyRetention } from './body-retention.js';
import { BodyTexts } from './body-texts.js';
import { BodyWriter } from './body-writer.js';
import type { KeptBodies } from './kept-bodies.js';
import { sizeOf } from './made-body.js';

const unzip = promisify(gunzip);

/** Bytes that may wait to be written; what comes when there are more is dropped and counted. */
const MOST_WAITING = 32 * 1024 * 1024;
/** Requests that are written together. */
const TOGETHER = 16;
/** How long what waits may still be written when the gateway ends. */
const LAST_MS = 5_000;

export interface BodyKeeperParts {
  readonly db: LedgerSql;
  readonly settings: BodyKeeping;
  /** A text without secrets. */
  readonly hidden: (text: string) => string;
  /** Something was dropped. */
  readonly onTrouble: (message: string, error: unknown) => void;
  /** Some lie where the configuration does not say how to get at them: they stay. */
  readonly onLeft: (message: string) => void;
  /** Everything that came is kept again. */
  readonly onWell: () => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/**
 * Takes bodies in, takes out of them what must not be kept, and puts them into the store, files or S3. One after the other and
 * never in anybody's way: what cannot be written is dropped.
 */
export class BodyKeeper {
  dropped = 0;
  private readonly texts: BodyTexts;
  private readonly places: BodyPlaces;
  private readonly writer: BodyWriter;
  private readonly retention: BodyRetention;
  private waiting: TakenBodies[] = [];
  private waitingBytes = 0;
  private running: Promise<void> | null = null;
  /** Taken in, and written or dropped, so far. */
  private taken = 0;
  private done = 0;
  private drains: { readonly until: number; readonly end: () => void }[] = [];
  /** Writing, and tidying up what lies around: never both. */
  private last: Promise<unknown> = Promise.resolve();
  private inTrouble = false;

  constructor(private readonly parts: BodyKeeperParts) {
    const { db, settings, hidden, now, onLeft } = parts;
    this.texts = new BodyTexts(db);
    this.places = new BodyPlaces(db, settings, now);
    const { texts, places } = this;
    this.writer = new BodyWriter({ db, settings, hidden, texts, where: () => places.current() });
    this.retention = new BodyRetention({
      ...{ db, settings, texts, places, onLeft },
      alone: (work) => this.alone(work),
    });
  }

  take(bodies: readonly TakenBodies[]): void {
    for (const one of bodies) {
      const size = sizeOf(one);
      if (this.waitingBytes + size > MOST_WAITING) {
        this.drop(1, new Error('more comes than can be written'));
        continue;
      }
      this.waiting.push(one);
      this.waitingBytes += size;
      this.taken++;
    }
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  /** Everything taken in before is written, or dropped; or so much time is over, and true is not the answer. */
  drain(mostMs: number): Promise<boolean> {
    const until = this.taken;
    if (this.done >= until) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.drains = this.drains.filter((one) => one !== waiting);
        resolve(false);
      }, mostMs);
      const end = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const waiting = { until, end };
      this.drains.push(waiting);
    });
  }

  /** What a storage does not take within a few seconds is dropped. */
  async close(mostMs = LAST_MS): Promise<void> {
    if (!(await this.drain(mostMs))) {
      const { length } = this.waiting;
      this.waiting = [];
      if (length > 0) this.drop(length, new Error('the gateway ended before they were written'));
    }
    await this.places.close();
    await this.running;
    await this.last;
    await this.places.close();
  }

  /** Null when nothing is kept of that request. Rejects when it cannot be got. */
  async find(id: string): Promise<KeptBodies | null> {
    const [row] = await this.parts.db.all('SELECT place, data FROM request_bodies WHERE id = ?', [id]);
    if (row === undefined) return null;
    const place = String(row[0]);
    const bytes = place === '' ? await unzip(row[1] as Uint8Array) : await this.got(place);
    return bytes === null ? null : (JSON.parse(Buffer.from(bytes).toString()) as KeptBodies);
  }

  /** Deletes some of what is too old or too much; true when there may be more. */
  expire(now: number): Promise<boolean> {
    return this.retention.step(now);
  }

  get index(): BodyTexts {
    return this.texts;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const some = this.waiting.splice(0, TOGETHER);
      for (const one of some) this.waitingBytes -= sizeOf(one);
      try {
        const { count, why } = await this.alone(() => this.writer.write(some));
        if (count > 0) this.drop(count, why);
        else if (this.waiting.length === 0) this.well();
      } catch (error) {
        this.drop(some.length, error);
      }
      this.finish(some.length);
      // Records have their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private finish(count: number): void {
    this.done += count;
    const { drains, done } = this;
    this.drains = drains.filter(({ until }) => until > done);
    for (const { until, end } of drains) if (until <= done) end();
  }

  private alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => {});
    return result;
  }

  private async got(place: string): Promise<Uint8Array | null> {
    for (const one of await this.places.of(place)) {
      const bytes = await one.get(place);
      if (bytes !== null) return bytes;
    }
    return null;
  }

  private drop(count: number, error: unknown): void {
    this.dropped += count;
    this.inTrouble = true;
    this.parts.onTrouble('bodies of requests cannot be kept and are dropped', error);
  }

  private well(): void {
    if (this.inTrouble) this.parts.onWell();
    this.inTrouble = false;
  }
}
