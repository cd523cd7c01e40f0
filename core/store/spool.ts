import { join } from 'node:path';
import { Segment } from './segment.js';
import { SegmentNames, SUFFIX } from './segment-names.js';
import { realFiles, type SpoolFiles } from './spool-files.js';

/** A point in the spool: everything of that segment before `offset`. */
export interface Position {
  readonly segment: string;
  readonly offset: number;
}

/** A batch read back, and where it ends. */
export interface SpooledBatch {
  readonly payload: Uint8Array;
  readonly end: Position;
}

export interface SpoolOptions {
  files?: SpoolFiles;
  /** A segment is closed at this size. */
  maxSegmentBytes?: number;
  /** A segment whose every frame is in the database is deleted once it has this size. */
  recycleBytes?: number;
  /** Told of bytes that could not be read back. */
  warn?: (message: string, fields: Record<string, unknown>) => void;
  /** Told of files with records that are lost. */
  onDamaged?: (segment: string) => void;
  /** See {@link SegmentNames}. */
  boot?: string | null;
}

/**
 * Batches of settled records on disk, in order, from the moment they arrive until the database has them. Most are written by
 * the threads that settled them, each into files of its own (`SpoolWriter`); this is the ledger's view of all files, and what
 * it writes when such a thread could not. What is in it survives the death of the process, `kill -9` included; after a power
 * failure the last half a minute may be missing, unless it was synced.
 */
export class Spool {
  private readonly dir: string;
  private readonly files: SpoolFiles;
  private readonly maxSegmentBytes: number;
  private readonly recycleBytes: number;
  private readonly warn: (message: string, fields: Record<string, unknown>) => void;
  private readonly onDamaged: (segment: string) => void;
  private segments: Segment[] = [];
  /** The one that grows; also the last of `segments`. */
  private active: Segment | null = null;
  private removedNames: string[] = [];
  private readonly names: SegmentNames;

  constructor(dir: string, options: SpoolOptions = {}) {
    this.dir = dir;
    this.files = options.files ?? realFiles;
    this.names = new SegmentNames(options.boot ?? null);
    this.onDamaged = options.onDamaged ?? (() => undefined);
    this.maxSegmentBytes = options.maxSegmentBytes ?? 32 * 1024 * 1024;
    this.recycleBytes = options.recycleBytes ?? 4 * 1024 * 1024;
    this.warn = options.warn ?? (() => undefined);
    this.files.mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /**
   * Opens what an earlier run left. `doneOf` tells how far the database got with a segment, null when it does not know
   * it.
   */
  async recover(doneOf: (segment: string) => Promise<number | null>): Promise<void> {
    const names = this.files
      .readdirSync(this.dir)
      .filter((name) => name.endsWith(SUFFIX))
      .sort();
    for (const name of names) {
      const done = await doneOf(name);
      const segment = Segment.open(this.files, this.dir, name);
      segment.done = Math.max(done ?? 0, segment.done);
      this.segments.push(segment);
    }
    this.release();
  }

  /** Names of all files that are there. */
  get segmentNames(): string[] {
    return this.segments.map(({ name }) => name);
  }

  /** Writes a batch. Throws when the disk refuses; the spool is then as before. */
  append(payload: Uint8Array): Position {
    if (this.active !== null && this.active.size >= this.maxSegmentBytes) this.active = null;
    if (this.active === null) {
      this.active = Segment.create(this.files, this.dir, this.names.next());
      this.segments.push(this.active);
    }
    this.active.append(payload);
    return { segment: this.active.name, offset: this.active.size };
  }

  /** Another thread has written a batch that ends there, into a file of its own that lies beside these. Throws when that is not so. */
  adopt({ segment: name, offset }: Position): void {
    let segment = this.segments.find((one) => one.name === name);
    if (segment === undefined) {
      segment = Segment.open(this.files, this.dir, name);
      segment.growing = true;
      this.segments.push(segment);
    }
    segment.size = offset;
  }

  /** That thread writes no more into that file. */
  seal(name: string): void {
    const segment = this.segments.find((one) => one.name === name);
    if (segment === undefined) return;
    segment.growing = false;
    this.release();
  }

  /** The oldest batches that are not marked done, about `maxBytes` of them, all of one segment; empty when there are none. */
  read(maxBytes: number): SpooledBatch[] {
    for (;;) {
      const segment = this.segments.find((one) => one.done < one.size);
      if (segment === undefined) return [];
      const batches = this.readSegment(segment, maxBytes);
      if (batches.length > 0) return batches;
      this.release();
    }
  }

  /** The database has everything up to here. */
  markDone(position: Position): void {
    const segment = this.segments.find((one) => one.name === position.segment);
    if (segment === undefined) return;
    segment.done = position.offset;
    this.release();
  }

  /** Tells, later, whether everything that is in the spool now has been marked done. */
  mark(): () => boolean {
    const open = this.segments
      .filter((one) => one.done < one.size)
      .map((segment) => ({ segment, size: segment.size }));
    return () => open.every(({ segment, size }) => segment.done >= Math.min(size, segment.size));
  }

  /** Names of deleted segments since the last call: the database may forget them. */
  takeRemoved(): string[] {
    const names = this.removedNames;
    if (names.length > 0) this.removedNames = [];
    return names;
  }

  /** Bytes that the database does not have yet. */
  get backlogBytes(): number {
    let bytes = 0;
    for (const segment of this.segments) bytes += Math.max(0, segment.size - segment.done);
    return bytes;
  }

  /** Deletes the segments that are done with and closes the others. */
  close(): void {
    for (const segment of this.segments) {
      if (segment.done >= segment.size) this.discard(segment);
      else segment.close();
    }
    this.segments = [];
    this.active = null;
  }

  private readSegment(segment: Segment, maxBytes: number): SpooledBatch[] {
    const batches: SpooledBatch[] = [];
    let offset = segment.done;
    let bytes = 0;
    while (bytes < maxBytes) {
      const found = segment.read(offset);
      if (found.kind === 'end') break;
      if (found.kind !== 'frame') {
        this.cutOff(segment, offset, found.kind, found.bytes);
        break;
      }
      offset = found.next;
      bytes += found.payload.length;
      batches.push({ payload: found.payload, end: { segment: segment.name, offset } });
    }
    return batches;
  }

  private cutOff(segment: Segment, offset: number, kind: 'torn' | 'damaged', bytes: number): void {
    segment.size = offset;
    if (segment === this.active) this.active = null;
    segment.damaged = kind === 'damaged';
    const path = join(this.dir, segment.name);
    if (kind === 'damaged') this.onDamaged(segment.name);
    if (kind === 'torn')
      this.warn('the spool ends in a batch that was never wholly written; it is left out', { path, bytes });
    else
      this.warn('the spool is damaged; what follows cannot be read and the file is kept as *.damaged', {
        path,
        offset,
        bytes,
      });
  }

  private release(): void {
    const active = this.active;
    if (active !== null && active.done >= active.size && active.size >= this.recycleBytes) this.active = null;
    let kept = 0;
    for (const segment of this.segments) {
      if (segment !== this.active && !segment.growing && segment.done >= segment.size) {
        this.discard(segment);
      } else this.segments[kept++] = segment;
    }
    this.segments.length = kept;
  }

  private discard(segment: Segment): void {
    try {
      segment.remove();
      this.removedNames.push(segment.name);
    } catch (error) {
      // The database remembers that it has all of it, so the next start tries again and counts nothing twice.
      this.warn('a finished spool file cannot be removed', {
        path: join(this.dir, segment.name),
        error: String(error),
      });
    }
  }
}
