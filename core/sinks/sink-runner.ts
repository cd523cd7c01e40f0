import type { SettledDetail, SinkBatchLimits } from '@headgate/sdk';
import type { BatchReader } from './batch-reader.js';
import { Delivery, type DeliveryParts } from './delivery.js';
import { type FrameLog, isBefore, type LogPlace, type LogRange } from './frame-log.js';
import { Pause } from './pause.js';
import { isSampled } from './sampling.js';
import { noCounts, type SinkState } from './sink-counts.js';
import type { SinkSettings } from './sink-settings.js';

export interface SinkRunnerParts
  extends Pick<DeliveryParts, 'open' | 'complete' | 'onHealth' | 'hide' | 'random'> {
  readonly settings: Pick<SinkSettings, 'name' | 'use' | 'sampling' | 'spoolBytes'>;
  readonly limits: SinkBatchLimits;
  readonly log: FrameLog;
  readonly reader: BatchReader;
  /** How far an earlier run got. */
  readonly place: LogPlace;
  /** Everything before that place is done with. */
  readonly onPlace: (place: LogPlace) => void;
}

/** How long the last deliveries may take when the gateway ends. */
const LAST_MS = 5_000;

/**
 * Delivers to one sink, a batch at a time, in order. What it holds is never more than one batch; all else waits in the log, and
 * the oldest of that gives way when there is too much.
 */
export class SinkRunner {
  private readonly counts = noCounts();
  /** Everything before it has been dealt with. */
  private place: LogPlace;
  /** Where the next batch begins: behind that which is being delivered. */
  private from: LogPlace;
  /** Where that ends which is being delivered, and its bytes. */
  private delivering: { readonly end: LogPlace; readonly bytes: number };
  /** Records that came and were not read yet: enough of them need not wait for others. */
  private fresh: number;
  private closing = false;
  private readonly pause = new Pause();
  private readonly delivery: Delivery;
  private readonly ended: Promise<void>;

  constructor(private readonly parts: SinkRunnerParts) {
    this.place = parts.place;
    this.from = parts.place;
    this.delivering = { end: parts.place, bytes: 0 };
    this.delivery = new Delivery({
      ...parts,
      counts: this.counts,
      pause: (ms) => this.pause.wait('retry', ms),
    });
    // What an earlier run left needs not wait for more.
    this.fresh = parts.log.bytesAfter(this.place) > 0 ? Number.POSITIVE_INFINITY : 0;
    this.makeRoom();
    this.ended = this.run();
  }

  /** What must not be forgotten: what is being delivered, for a restart, and what has not given way and comes after it. */
  get needed(): readonly LogRange[] {
    const { place, from } = this;
    const { end } = this.delivering;
    const rest = { from, to: null };
    return isBefore(place, end) ? [{ from: place, to: end }, rest] : [rest];
  }

  state(): SinkState {
    const { name, use } = this.parts.settings;
    return {
      name,
      use,
      counts: { ...this.counts },
      backlogBytes: this.delivering.bytes + this.parts.log.bytesAfter(this.from),
      failing: this.delivery.failing,
    };
  }

  /** More is there. */
  grown(records: number): void {
    this.fresh += records;
    this.makeRoom();
    const { reason } = this.pause;
    if (reason === 'records' || (reason === 'batch' && this.fresh >= this.parts.limits.records))
      this.pause.end();
  }

  /** Delivers what can be delivered within a few seconds; the rest is there at the next start. */
  async close(): Promise<void> {
    this.closing = true;
    this.delivery.hurried = true;
    this.pause.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_MS);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    await this.delivery.close();
  }

  private async run(): Promise<void> {
    for (;;) {
      if (this.parts.log.bytesAfter(this.from) === 0) {
        if (this.closing) return;
        await this.pause.wait('records', null);
        continue;
      }
      const { records, waitMs } = this.parts.limits;
      if (this.fresh < records && !this.closing) await this.pause.wait('batch', waitMs);
      const before = this.parts.log.bytesAfter(this.from);
      const details = this.collect();
      this.delivering = { end: this.from, bytes: before - this.parts.log.bytesAfter(this.from) };
      if (details.length > 0 && !(await this.delivery.deliver(details, records))) return;
      this.delivering = { end: this.from, bytes: 0 };
      this.place = this.from;
      this.parts.onPlace(this.place);
    }
  }

  /** As many whole batches as make a delivery, at least one. */
  private collect(): SettledDetail[] {
    const { reader, limits, settings, log } = this.parts;
    const details: SettledDetail[] = [];
    let read = 0;
    while (details.length < limits.records) {
      const batch = reader.next(this.from);
      if (batch === null) {
        // What is behind could not be read by anybody.
        this.from = log.end;
        this.fresh = 0;
        return details;
      }
      this.from = batch.end;
      read += batch.details.length;
      for (const detail of batch.details) {
        if (isSampled(detail.record, detail.trace, settings.sampling)) details.push(detail);
        else this.counts.sampledOut++;
      }
      if (read >= 20 * limits.records) break;
    }
    this.fresh = Math.max(0, this.fresh - read);
    return details;
  }

  /** The oldest that is not being delivered gives way. */
  private makeRoom(): void {
    const { log, reader, settings } = this.parts;
    while (log.bytesAfter(this.from) > settings.spoolBytes) {
      const batch = reader.skip(this.from);
      if (batch === null) return;
      this.counts.dropped += batch.records;
      this.from = batch.end;
    }
  }
}
