import { Segment } from './segment.js';
import { SegmentNames } from './segment-names.js';
import type { Position } from './spool.js';
import { realFiles, type SpoolFiles } from './spool-files.js';

/** In the data folder. */
export const SPOOL_FOLDER = 'spool';

/** Where a thread writes its batches, and how surely. */
export interface SpoolSettings {
  /** Folder of the spool. */
  readonly dir: string;
  /** `request`: an answer ends only after its record is written; `batch`: records are written together, soon after. */
  readonly durable: 'request' | 'batch';
  /** Written means: a power failure does not take it any more. */
  readonly fsync: boolean;
  /** What becomes of answers while records cannot be written: they are given all the same, or not. */
  readonly onFailure: 'serve' | 'refuse';
  /** Of this node of a cluster; see `node-lives.ts`. Null: it is none. */
  readonly boot: string | null;
}

export interface SpoolWriterOptions {
  files?: SpoolFiles;
  /** A file is closed at this size. */
  maxSegmentBytes?: number;
  /** Bytes that may wait for a slow disk. */
  maxWaitingBytes?: number;
  /** Files that its own are to come after. */
  after?: readonly string[];
}

interface Waiting {
  readonly payload: Uint8Array;
  /** Where it ends in the spool; null when the disk did not take it. */
  readonly done: (end: Position | null) => void;
}

/**
 * Writes batches of one thread to files of its own in the spool, in order, one write at a time, without blocking the thread.
 * The ledger's thread is told where they are: however busy that is, what was written survives a `kill -9`.
 */
export class SpoolWriter {
  private readonly files: SpoolFiles;
  private readonly maxSegmentBytes: number;
  private readonly maxWaitingBytes: number;
  private readonly names: SegmentNames;
  /** Something was written to the file that there is. */
  private used = false;
  private segment: Segment | null = null;
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  private writing = false;
  private onIdle: (() => void)[] = [];

  constructor(
    private readonly settings: Pick<SpoolSettings, 'dir' | 'fsync'> & { readonly boot?: string | null },
    options: SpoolWriterOptions = {},
  ) {
    this.files = options.files ?? realFiles;
    this.names = new SegmentNames(settings.boot ?? null, options.after);
    this.maxSegmentBytes = options.maxSegmentBytes ?? 8 * 1024 * 1024;
    this.maxWaitingBytes = options.maxWaitingBytes ?? 16 * 1024 * 1024;
  }

  get busy(): boolean {
    return this.writing;
  }

  write(payload: Uint8Array, done: (end: Position | null) => void): void {
    if (this.waitingBytes + payload.length > this.maxWaitingBytes) {
      done(null);
      return;
    }
    this.waiting.push({ payload, done });
    this.waitingBytes += payload.length;
    if (!this.writing) this.next();
  }

  /** Called back once everything before is written. */
  idle(then: () => void): void {
    if (this.writing) this.onIdle.push(then);
    else then();
  }

  /** What comes goes into a new file. False when nothing was written to the one that there is. To be called between two writes. */
  roll(): boolean {
    if (!this.used) return false;
    this.close();
    return true;
  }

  /** Nothing is written afterwards. */
  close(): void {
    this.segment?.close();
    this.segment = null;
    this.used = false;
  }

  private next(): void {
    const [first] = this.waiting;
    if (first === undefined) {
      this.writing = false;
      const told = this.onIdle;
      this.onIdle = [];
      for (const one of told) one();
      return;
    }
    this.writing = true;
    let segment: Segment;
    try {
      segment = this.open();
    } catch {
      // Later, so that many that wait do not call one another.
      setImmediate(() => this.finish(null));
      return;
    }
    segment.appendLater(first.payload, this.settings.fsync, (error) =>
      this.finish(error === null ? { segment: segment.name, offset: segment.size } : null),
    );
  }

  private finish(end: Position | null): void {
    const first = this.waiting.shift()!;
    this.waitingBytes -= first.payload.length;
    if (end !== null) this.used = true;
    first.done(end);
    this.next();
  }

  private open(): Segment {
    if (this.segment !== null && this.segment.size >= this.maxSegmentBytes) this.close();
    if (this.segment === null) {
      const { dir, fsync } = this.settings;
      this.segment = Segment.create(this.files, dir, this.names.next());
      if (fsync) syncFolder(this.files, dir);
    }
    return this.segment;
  }
}

/** A file is there after a power failure only when its folder says so. */
function syncFolder(files: SpoolFiles, dir: string): void {
  const fd = files.openSync(dir, 'r');
  try {
    files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
}
