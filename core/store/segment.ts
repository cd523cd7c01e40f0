import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { SpoolFiles } from './spool-files.js';

const MAGIC = Buffer.from('HGSPOOL1');
const FRAME_HEADER = 8;
/** Larger than any batch; a length beyond it is not a length. */
const MAX_PAYLOAD = 256 * 1024 * 1024;

/**
 * What stands at an offset. `torn`: a frame whose writing was cut off, the last thing in the file. `damaged`: bytes
 * that are no frame although more follow.
 */
export type FrameRead =
  | { kind: 'frame'; payload: Buffer; next: number }
  | { kind: 'end' }
  | { kind: 'torn'; bytes: number }
  | { kind: 'damaged'; bytes: number };

/**
 * One append-only file of the spool: eight bytes of magic, then frames of payload length and CRC-32 (both unsigned
 * 32-bit, little endian) and the payload.
 */
export class Segment {
  /** Bytes that are known to be good: where the next frame goes, and where reading stops. */
  size: number;
  /** Bytes whose frames are in the database. */
  done: number = MAGIC.length;
  /** Keep the file for people to look at. */
  damaged = false;
  /** Another thread appends to it. */
  growing = false;

  private constructor(
    private readonly files: SpoolFiles,
    private readonly dir: string,
    readonly name: string,
    private readonly fd: number,
    size: number,
  ) {
    this.size = size;
  }

  static create(files: SpoolFiles, dir: string, name: string): Segment {
    const fd = files.openSync(join(dir, name), 'wx+', 0o600);
    const segment = new Segment(files, dir, name, fd, 0);
    try {
      segment.write(MAGIC);
    } catch (error) {
      segment.remove();
      throw error;
    }
    return segment;
  }

  /** A file of an earlier run. One without a whole magic number was cut off at birth and counts as empty. */
  static open(files: SpoolFiles, dir: string, name: string): Segment {
    const fd = files.openSync(join(dir, name), 'r+');
    const size = files.fstatSync(fd).size;
    const head = Buffer.alloc(MAGIC.length);
    const read = files.readSync(fd, head, 0, MAGIC.length, 0);
    if (read === MAGIC.length && !head.equals(MAGIC)) {
      files.closeSync(fd);
      throw new Error(
        `${join(dir, name)} is not a spool file that this version can read; it may come from a newer version. ` +
          'Start that version once to empty it, or move the file away.',
      );
    }
    return new Segment(files, dir, name, fd, Math.max(size, MAGIC.length));
  }

  /** Throws when the bytes could not all be written; the segment is then as it was before. */
  append(payload: Uint8Array): void {
    this.write(frameOf(payload));
  }

  /**
   * The same without blocking the thread; one at a time. `done` is told of the error when the bytes could not all be written.
   *
   * @param sync wait until a power failure would not take them any more
   */
  appendLater(payload: Uint8Array, sync: boolean, done: (error: Error | null) => void): void {
    const frame = frameOf(payload);
    const { files, fd, size } = this;
    let written = 0;
    const ended = (error: Error | null): void => {
      if (error === null) this.size = size + frame.length;
      else this.undo(size);
      done(error);
    };
    const next = (error: Error | null, bytes: number): void => {
      written += bytes;
      if (error !== null) ended(error);
      else if (written < frame.length)
        files.write(fd, frame, written, frame.length - written, size + written, next);
      else if (sync) files.fdatasync(fd, ended);
      else ended(null);
    };
    files.write(fd, frame, 0, frame.length, size, next);
  }

  read(offset: number): FrameRead {
    const left = this.size - offset;
    if (left <= 0) return { kind: 'end' };
    if (left < FRAME_HEADER) return { kind: 'torn', bytes: left };
    const head = Buffer.allocUnsafe(FRAME_HEADER);
    this.fill(head, offset);
    const length = head.readUInt32LE(0);
    // A crash of the whole machine can leave zeros where the file had grown already.
    if (length === 0 || length > left - FRAME_HEADER) {
      return { kind: length > MAX_PAYLOAD ? 'damaged' : 'torn', bytes: left };
    }
    const payload = Buffer.allocUnsafe(length);
    this.fill(payload, offset + FRAME_HEADER);
    const next = offset + FRAME_HEADER + length;
    if (crc32(payload) !== head.readUInt32LE(4)) {
      return { kind: next === this.size ? 'torn' : 'damaged', bytes: left };
    }
    return { kind: 'frame', payload, next };
  }

  close(): void {
    this.files.closeSync(this.fd);
  }

  /** Deletes the file, or only takes it out of the spool when it is damaged. */
  remove(): void {
    this.close();
    const path = join(this.dir, this.name);
    if (this.damaged) this.files.renameSync(path, `${path}.damaged`);
    else this.files.unlinkSync(path);
  }

  private write(bytes: Uint8Array): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += this.files.writeSync(this.fd, bytes, written, bytes.length - written, this.size + written);
      }
    } catch (error) {
      // A half-written frame in the middle would hide the ones behind it.
      if (written > 0) this.files.ftruncateSync(this.fd, this.size);
      throw error;
    }
    this.size += bytes.length;
  }

  /** Takes back what was written of a frame. */
  private undo(size: number): void {
    try {
      this.files.ftruncateSync(this.fd, size);
    } catch {
      // The next frame is written over it.
    }
  }

  private fill(target: Buffer, offset: number): void {
    let filled = 0;
    while (filled < target.length) {
      const read = this.files.readSync(this.fd, target, filled, target.length - filled, offset + filled);
      if (read === 0) throw new Error(`${join(this.dir, this.name)} became shorter while it was in use`);
      filled += read;
    }
  }
}

function frameOf(payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(crc32(payload), 4);
  frame.set(payload, FRAME_HEADER);
  return frame;
}
