import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { MetricFamily } from '../observe/metric-family.js';
import type { SinkHealth } from '../store/ledger-protocol.js';
import type { RecordBatch } from '../store/record-batch.js';
import { SUFFIX } from '../store/segment-names.js';
import { SpoolWriter } from '../store/spool-writer.js';
import type { ContentSource } from './content-source.js';
import type { LogPlace } from './frame-log.js';
import { placedSegments } from './kept-place.js';
import type { SinkState } from './sink-counts.js';
import { sinkFamilies } from './sink-metrics.js';
import type { SinkThreadData, SinkThreadMessage, SinkThreadRequest } from './sink-protocol.js';
import type { SinksSetup } from './sink-settings.js';

export interface SinkFeedParts {
  readonly setup: SinksSetup;
  /** Folder for what waits; null: nothing is kept on disk. */
  readonly dir: string | null;
  /** What the sinks' thread is started from. */
  readonly entry: string;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void;
  /** What is kept of some requests and answers. */
  readonly contents: ContentSource;
  /** `health` is not what it was. */
  readonly onHealth: () => void;
}

/** Bytes that are kept in memory while the disk, or the thread, cannot take them. */
const MOST_HELD = 16 * 1024 * 1024;
/** Places that are remembered, so that what cannot be read is counted once. */
const MOST_UNREADABLE = 10_000;
const SEGMENT_BYTES = 8 * 1024 * 1024;
const RETRY_MS = 1_000;
const LONGEST_RESTART_MS = 60_000;
/** Sinks have five seconds for what they can still deliver. */
const CLOSE_MS = 8_000;

/**
 * Hands settled records to the sinks' thread, from the ledger's. They are written to files first, once for all sinks, as the bytes
 * they are kept in: however slow or dead a sink is, nothing of it stays in this thread's memory, and a thread that fails is
 * started again from where it was.
 */
export class SinkFeed {
  private worker: Worker | null = null;
  private readonly writer: SpoolWriter | null;
  private readonly held: RecordBatch[] = [];
  private heldBytes = 0;
  /** Sent to the thread and not taken in yet. */
  private inFlight = 0;
  private lost = 0;
  /** Places of what nobody could read: each sink comes upon them, and so does a thread that is started again. */
  private readonly unreadable = new Set<string>();
  private readonly earlier: string;
  /** What has been written so far. */
  private end: LogPlace;
  private tokens = 0;
  private readonly asking = new Map<number, (states: readonly SinkState[]) => void>();
  private last: readonly SinkState[] = [];
  private timer: NodeJS.Timeout | null = null;
  private restarts = 0;
  private closing = false;
  private setup: SinksSetup;
  private using: Promise<void> = Promise.resolve();
  private onExit: (() => void) | null = null;

  constructor(private readonly parts: SinkFeedParts) {
    const { dir } = parts;
    this.setup = parts.setup;
    this.earlier = '';
    this.end = { segment: '', offset: 0 };
    if (dir === null) this.writer = null;
    else {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      // How far sinks have got is told by names of files that may be gone.
      const names = readdirSync(dir).filter((name) => name.endsWith(SUFFIX));
      const after = [...names, ...placedSegments(dir)];
      this.earlier = names.sort().at(-1) ?? '';
      if (this.earlier !== '')
        this.end = { segment: this.earlier, offset: statSync(join(dir, this.earlier)).size };
      this.writer = new SpoolWriter({ dir, fsync: false }, { maxSegmentBytes: SEGMENT_BYTES, after });
    }
    this.start();
  }

  /** Other sinks from now on. What waits for those that stay is theirs still. */
  use(setup: SinksSetup): Promise<void> {
    if (JSON.stringify(setup) === JSON.stringify(this.setup)) return this.using;
    this.setup = setup;
    this.using = this.using.then(async () => {
      await this.endThread();
      if (!this.closing) this.start();
    });
    return this.using;
  }

  /** Returns at once. The batch must not change. */
  take(batch: RecordBatch): void {
    if (this.held.length > 0) this.hold(batch);
    else this.pass(batch);
  }

  health(): SinkHealth[] {
    return this.setup.sinks.map(({ name }) => ({
      name,
      ok: this.last.find((state) => state.name === name)?.failing == null,
    }));
  }

  async families(): Promise<MetricFamily[]> {
    return sinkFamilies(await this.states(), this.lost);
  }

  /** Delivers what can be delivered in a few seconds; the rest is there at the next start. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.flushHeld();
    await new Promise<void>((resolve) => (this.writer === null ? resolve() : this.writer.idle(resolve)));
    this.writer?.close();
    await this.using;
    await this.endThread();
  }

  private async endThread(): Promise<void> {
    const { worker } = this;
    if (worker === null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => void worker.terminate(), CLOSE_MS);
      this.onExit = () => {
        clearTimeout(timer);
        resolve();
      };
      this.send({ type: 'close' });
    });
    this.onExit = null;
  }

  private pass(batch: RecordBatch): void {
    const { bytes, count } = batch;
    if (this.writer === null) {
      if (this.inFlight + bytes.length > MOST_HELD) this.lose(count);
      else {
        this.inFlight += bytes.length;
        this.send({ type: 'batch', bytes, records: count });
      }
      return;
    }
    this.writer.write(bytes, (end) => {
      if (end === null) {
        if (this.closing) this.lose(count);
        else this.hold(batch);
        // On a full disk, the file that is written is in the way of what comes: it may go when it is delivered.
        if (this.writer?.roll() === true) this.send({ type: 'sealed' });
        return;
      }
      this.end = end;
      this.send({ type: 'grown', end, records: count });
    });
  }

  private hold(batch: RecordBatch): void {
    if (this.heldBytes + batch.bytes.length > MOST_HELD) {
      this.lose(batch.count);
      return;
    }
    this.held.push(batch);
    this.heldBytes += batch.bytes.length;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.flushHeld();
    }, RETRY_MS);
  }

  private flushHeld(): void {
    const held = this.held.splice(0);
    this.heldBytes = 0;
    for (const batch of held) this.pass(batch);
  }

  private lose(records: number): void {
    if (this.lost === 0)
      this.parts.log(
        'error',
        'records cannot be kept for sinks; headgate_sink_records_lost_total counts them',
        {},
      );
    this.lost += records;
  }

  private loseUnreadable({ segment, offset }: LogPlace, records: number): void {
    const place = `${segment} ${offset}`;
    if (this.unreadable.has(place)) return;
    if (this.unreadable.size >= MOST_UNREADABLE) this.unreadable.clear();
    this.unreadable.add(place);
    this.lost += records;
  }

  private states(): Promise<readonly SinkState[]> {
    const { worker } = this;
    if (worker === null || this.closing) return Promise.resolve(this.last);
    const token = ++this.tokens;
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.asking.delete(token);
        resolve(this.last);
      }, RETRY_MS);
      this.asking.set(token, (states) => {
        clearTimeout(late);
        resolve(states);
      });
      this.send({ type: 'states', token });
    });
  }

  private start(): void {
    const { dir, entry } = this.parts;
    const { setup } = this;
    const worker = new Worker(new URL(entry), {
      workerData: { setup, dir, begin: this.end, earlier: this.earlier } satisfies SinkThreadData,
      name: 'sinks',
    });
    this.worker = worker;
    worker.on('message', (message: SinkThreadMessage) => this.onMessage(message));
    worker.on('error', (error) =>
      this.parts.log('error', 'the thread of the sinks failed', { error: error.stack ?? error.message }),
    );
    worker.once('exit', () => this.onGone());
  }

  private onGone(): void {
    this.worker = null;
    this.inFlight = 0;
    for (const answer of this.asking.values()) answer(this.last);
    this.asking.clear();
    if (this.onExit !== null || this.closing) {
      this.onExit?.();
      return;
    }
    setTimeout(
      () => {
        if (!this.closing && this.worker === null) this.start();
      },
      Math.min(LONGEST_RESTART_MS, RETRY_MS * 2 ** this.restarts++),
    );
  }

  private onMessage(message: SinkThreadMessage): void {
    if (message.type === 'log') this.parts.log(message.level, message.message, message.fields);
    else if (message.type === 'contents') void this.tellContents(message.token, message.ids);
    else if (message.type === 'unreadable') this.loseUnreadable(message.end, message.records);
    else if (message.type === 'taken') this.inFlight -= message.bytes;
    else {
      this.last = message.states;
      if (message.token === null) this.parts.onHealth();
      else {
        this.asking.get(message.token)?.(message.states);
        this.asking.delete(message.token);
      }
    }
  }

  private async tellContents(token: number, ids: readonly string[]): Promise<void> {
    this.send({ type: 'contents', token, contents: await this.parts.contents(ids) });
  }

  private send(request: SinkThreadRequest): void {
    this.worker?.postMessage(request);
  }
}
