import { join } from 'node:path';
import { Segment } from '../store/segment.js';
import { SUFFIX } from '../store/segment-names.js';
import { realFiles, type SpoolFiles } from '../store/spool-files.js';
import {
  type Frame,
  type FrameLog,
  isBefore,
  type LogPlace,
  type LogRange,
  type OnUnreadable,
} from './frame-log.js';

/** Before every segment that there is. */
const NOTHING: LogPlace = { segment: '', offset: 0 };

/**
 * Batches that wait for sinks in files, as this thread reads them; another thread appends to them (`SinkFeed`) and says how far it
 * got. What an earlier run left is read as far as it was wholly written.
 */
export class DiskLog implements FrameLog {
  private readonly segments: Segment[] = [];

  /** @param earlier name of the last file that an earlier run left; empty when there is none. Later ones are being written. */
  constructor(
    private readonly dir: string,
    earlier: string,
    private readonly warn: (message: string, fields: Record<string, unknown>) => void,
    private readonly unreadable: OnUnreadable,
    private readonly files: SpoolFiles = realFiles,
  ) {
    files.mkdirSync(dir, { recursive: true, mode: 0o700 });
    const names = files.readdirSync(dir).filter((name) => name.endsWith(SUFFIX));
    for (const name of names.sort()) {
      this.segments.push(Segment.open(files, dir, name));
    }
    const last = this.segments.at(-1);
    if (last !== undefined) last.growing = last.name > earlier;
  }

  get end(): LogPlace {
    const last = this.segments.at(-1);
    return last === undefined ? NOTHING : { segment: last.name, offset: last.size };
  }

  /** The other thread has written a batch that ends there. */
  grown({ segment: name, offset }: LogPlace): void {
    let segment = this.segments.findLast((one) => one.name === name);
    if (segment === undefined) {
      // The one before it grows no more.
      for (const one of this.segments) one.growing = false;
      segment = Segment.open(this.files, this.dir, name);
      segment.growing = true;
      this.segments.push(segment);
    }
    segment.size = offset;
  }

  /** The last file grows no more. */
  sealed(): void {
    const last = this.segments.at(-1);
    if (last !== undefined) last.growing = false;
  }

  next(place: LogPlace): Frame | null {
    for (const segment of this.segments) {
      if (segment.name < place.segment) continue;
      let offset = segment.name === place.segment ? Math.max(place.offset, segment.done) : segment.done;
      while (offset < segment.size) {
        const found = segment.read(offset);
        if (found.kind === 'frame')
          return { payload: found.payload, end: { segment: segment.name, offset: found.next } };
        if (found.kind === 'end') break;
        if (segment.growing) {
          // It was looked at while it was being written: what is there will be told.
          segment.size = offset;
          break;
        }
        // What follows cannot be read by anybody.
        this.cutOff(segment, offset, found.kind, found.bytes);
        offset = segment.size;
      }
    }
    return null;
  }

  bytesAfter(place: LogPlace): number {
    let bytes = 0;
    for (const segment of this.segments) {
      if (segment.name < place.segment) continue;
      const from = segment.name === place.segment ? Math.max(place.offset, segment.done) : segment.done;
      bytes += Math.max(0, segment.size - from);
    }
    return bytes;
  }

  /** A whole file at a time. */
  release(needed: readonly LogRange[]): void {
    for (const segment of [...this.segments]) {
      const { name, size } = segment;
      const isNeeded = needed.some(
        ({ from, to }) =>
          isBefore(from, { segment: name, offset: size }) &&
          (to === null || isBefore({ segment: name, offset: 0 }, to)),
      );
      if (segment.growing || isNeeded) continue;
      this.segments.splice(this.segments.indexOf(segment), 1);
      try {
        segment.remove();
      } catch (error) {
        this.warn('a file of records that all sinks have cannot be removed', {
          path: join(this.dir, name),
          error: String(error),
        });
      }
    }
  }

  close(): void {
    for (const segment of this.segments) segment.close();
    this.segments.length = 0;
  }

  private cutOff(segment: Segment, offset: number, kind: 'torn' | 'damaged', bytes: number): void {
    segment.size = offset;
    segment.damaged = kind === 'damaged';
    // How many there were cannot be known any more.
    this.unreadable({ segment: segment.name, offset }, 1);
    this.warn(
      kind === 'torn'
        ? 'a file of records for sinks ends in a batch that was never wholly written; it is left out'
        : 'a file of records for sinks is damaged; what follows cannot be read and the file is kept as *.damaged',
      { path: join(this.dir, segment.name), offset, bytes },
    );
  }
}
