import type { SettledDetail } from '@headgate/sdk';
import { detailOf } from '../observe/settled-detail.js';
import { decodeRecords, openBatch, recordsIn } from '../store/record-codec.js';
import type { Frame, FrameLog, LogPlace, OnUnreadable } from './frame-log.js';

/** Frames that sinks are likely to want at the same time. */
const KEPT_FRAMES = 4;

/** A batch as sinks see it, and where it ends. */
export interface ReadBatch {
  readonly details: readonly SettledDetail[];
  readonly end: LogPlace;
}

/** Reads batches for all sinks: one that several are at is made once. */
export class BatchReader {
  private readonly kept = new Map<string, readonly SettledDetail[]>();

  constructor(
    private readonly log: FrameLog,
    /** How many read by it. */
    private readonly sinks: number,
    private readonly unreadable: (...about: [...Parameters<OnUnreadable>, error: unknown]) => void,
  ) {}

  next(place: LogPlace): ReadBatch | null {
    const frame = this.log.next(place);
    return frame === null ? null : { details: this.detailsOf(frame), end: frame.end };
  }

  /** How many records the next batch has, without a look at them. */
  skip(place: LogPlace): { readonly records: number; readonly end: LogPlace } | null {
    const frame = this.log.next(place);
    if (frame === null) return null;
    try {
      return { records: openBatch(frame.payload).count, end: frame.end };
    } catch (error) {
      this.tell(frame, error);
      return { records: 0, end: frame.end };
    }
  }

  private detailsOf(frame: Frame): readonly SettledDetail[] {
    const { payload, end } = frame;
    const id = `${end.segment} ${end.offset}`;
    const before = this.kept.get(id);
    if (before !== undefined) return before;
    let details: readonly SettledDetail[];
    try {
      details = decodeRecords(payload).map(detailOf);
    } catch (error) {
      this.tell(frame, error);
      details = [];
    }
    // For one sink alone it would only be garbage that lives longer.
    if (this.sinks < 2) return details;
    if (this.kept.size >= KEPT_FRAMES) this.kept.delete(this.kept.keys().next().value as string);
    this.kept.set(id, details);
    return details;
  }

  private tell({ payload, end }: Frame, error: unknown): void {
    this.unreadable(end, recordsIn(payload) ?? 1, error);
  }
}
