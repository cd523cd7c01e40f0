import { randomUUID } from 'node:crypto';
import type { SettledRecord } from '@headgate/sdk';
import { arrivalOf } from '../../request-ids.js';
import type { BlockData } from '../block-data.js';
import type { LedgerSql } from '../ledger-sql.js';
import { SMALL_BLOCK } from '../ledger-version.js';
import { copyOf, type RecordBatch } from '../record-batch.js';
import { BlockFollower } from './block-follower.js';
import type { RequestQuestions } from './request-questions.js';
import type { RequestSearch } from './request-search.js';
import { columnsOfBlock } from './search-columns.js';
import { fitting } from './search-mask.js';
import type { SearchFilter } from './search-query.js';
import { settledSince } from './settled-since.js';
import { type Told, ToldLately } from './told-lately.js';

/** Most records that wait for one listener; what comes beyond that is counted and left out. */
const MOST_WAITING = 1000;
/** Told at a time. */
const MOST_AT_ONCE = 200;
/** Most that are told of the time that a listener was away. */
const MOST_MISSED = 10_000;
/** Records reach the store in another order than they are settled in: so much of what is older is looked at again. */
const OVERLAP_MS = 10_000;
/** A record that comes this long after it was settled, from another node, is no news: merged blocks are full of such. */
const NEWS_MS = 300_000;
/** Ids of records in small blocks, which may be merged, that are remembered as told. */
const MOST_TOLD = 100_000;

interface Listener {
  readonly filter: SearchFilter;
  waiting: SettledRecord[];
  /** Left out since the last one that is waiting. */
  left: number;
  /** Told, or about to be, of the time that it was away. */
  missed: Set<string> | null;
  wake: (() => void) | null;
  /** For when it goes and comes back. */
  told: Told;
}

/** Tells listeners of records as they reach the store, whichever thread or node has settled them. */
export class RequestTail {
  private readonly listeners = new Map<string, Listener>();
  private readonly follower: BlockFollower | null;
  private told = new Set<string>();
  private readonly lately = new ToldLately();
  /** When the first of those who listen began. */
  private sinceMs = 0;

  constructor(
    private readonly search: RequestSearch,
    db: LedgerSql,
    data: BlockData,
    onTrouble: (message: string, error: unknown) => void,
  ) {
    this.follower =
      db.kind === 'postgres'
        ? new BlockFollower(
            db,
            data,
            (batch) => this.follow(batch),
            (error) => onTrouble('new records cannot be read for those who listen; tried again', error),
          )
        : null;
  }

  get size(): number {
    return this.listeners.size;
  }

  /** Records that a listener has not taken yet, those that are left out included. */
  waiting(id: string): number {
    const listener = this.listeners.get(id);
    return listener === undefined ? 0 : listener.waiting.length + listener.left;
  }

  /** What this node has written to the database. */
  committed(batches: readonly RecordBatch[]): void {
    if (this.listeners.size === 0) return;
    // In Postgres it is found among that of all nodes.
    if (this.follower !== null) this.follower.soon();
    else for (const batch of batches) this.spread(batch);
  }

  async begin({
    filter,
    since,
  }: RequestQuestions['tailBegin']['ask']): Promise<RequestQuestions['tailBegin']['answer']> {
    await this.follower?.start();
    if (this.listeners.size === 0) this.sinceMs = Date.now();
    const { told, before } = this.lately.begin(filter, since);
    const listener: Listener = { filter, waiting: [], left: 0, missed: null, wake: null, told };
    const id = randomUUID();
    this.listeners.set(id, listener);
    try {
      if (since !== null) await this.catchUp(listener, since, before);
    } catch (error) {
      this.end(id);
      throw error;
    }
    return { id };
  }

  async next({
    id,
    waitMs,
  }: RequestQuestions['tailNext']['ask']): Promise<RequestQuestions['tailNext']['answer']> {
    const listener = this.listeners.get(id);
    if (listener === undefined) throw new Error('nobody listens by that id');
    if (listener.waiting.length === 0 && listener.left === 0) await news(listener, waitMs);
    const records = listener.waiting.splice(0, MOST_AT_ONCE);
    const left = listener.waiting.length === 0 ? listener.left : 0;
    if (left > 0) listener.left = 0;
    listener.told.add(records.map(({ id }) => id));
    return { records, left };
  }

  end(id: string): void {
    const listener = this.listeners.get(id);
    listener?.wake?.();
    if (listener !== undefined) this.lately.end(listener.told);
    this.listeners.delete(id);
    if (this.listeners.size > 0) return;
    this.follower?.stop();
    this.told = new Set();
  }

  close(): void {
    for (const id of [...this.listeners.keys()]) this.end(id);
  }

  /** Of all nodes: blocks that are new, and those that are made of older ones. */
  private follow(batch: RecordBatch): void {
    if (batch.count < SMALL_BLOCK) {
      for (let row = 0; row < batch.count; row++) this.told.add(batch.columns.id.at(row));
      for (const id of this.told) {
        if (this.told.size <= MOST_TOLD) break;
        this.told.delete(id);
      }
      this.spread(batch);
    } else {
      const { id, time, totalMs } = batch.columns;
      const since = Math.max(Date.now() - NEWS_MS, this.sinceMs);
      this.spread(batch, (row) => time.at(row) + totalMs.at(row) >= since && !this.told.has(id.at(row)));
    }
  }

  private spread(batch: RecordBatch, isNews: (row: number) => boolean = () => true): void {
    const columns = columnsOfBlock(batch.columns);
    const copies = new Map<number, SettledRecord>();
    const cursor = batch.cursor();
    const copy = (row: number): SettledRecord => {
      let record = copies.get(row);
      if (record === undefined) {
        cursor.row = row;
        copies.set(row, (record = copyOf(cursor)));
      }
      return record;
    };
    for (const listener of this.listeners.values()) {
      const mask = fitting(columns, batch.count, listener.filter);
      if (mask === null) continue;
      for (let row = 0; row < batch.count; row++) {
        if (mask[row] === 0 || !isNews(row)) continue;
        if (listener.missed?.has(batch.columns.id.at(row)) === true) continue;
        // Those that are left out are told of where they would have been: none is told after them before that.
        if (listener.left > 0 || listener.waiting.length >= MOST_WAITING) listener.left++;
        else listener.waiting.push(copy(row));
      }
      if (listener.waiting.length > 0) listener.wake?.();
    }
  }

  /** What has settled since that record did: it comes first. */
  private async catchUp(listener: Listener, since: string, before: ReadonlySet<string>): Promise<void> {
    const arrival = arrivalOf(since);
    if (arrival === null) return;
    const last = await this.search.findById(since);
    const from = Math.floor((last === null ? arrival : last.time + last.totalMs) - OVERLAP_MS);
    const { records, left } = await settledSince(this.search, from, listener.filter, MOST_MISSED);
    const missed = records.filter(({ id }) => id !== since && !before.has(id));
    listener.missed = new Set([since, ...before, ...missed.map(({ id }) => id)]);
    const meanwhile = listener.waiting.filter(({ id }) => listener.missed?.has(id) !== true);
    listener.waiting = [...missed, ...meanwhile];
    listener.left += left;
  }
}

function news(listener: Listener, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      listener.wake = null;
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    listener.wake = done;
  });
}
