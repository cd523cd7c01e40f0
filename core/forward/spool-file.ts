import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes that may wait to be written before whoever writes is asked to wait. */
const HIGH_WATER = 1024 * 1024;
const READ_BYTES = 256 * 1024;

/** Takes what is read from the file; resolves when there is room for more, to false when no more is wanted. */
type Take = (chunk: Buffer) => Promise<boolean>;

/**
 * A file for one upload, in the system's folder for such files. It has no name from the moment it is open, so nothing of it
 * is left when it is closed, however the process ends.
 */
export class SpoolFile {
  size = 0;
  private readonly handle: Promise<FileHandle>;
  private tail: Promise<void>;
  private waiting = 0;
  private closed = false;

  /** @param onRoom called after a `write` that said false, when more may be written */
  constructor(private readonly onRoom: () => void) {
    this.handle = openNameless();
    this.tail = this.handle.then(() => {});
    this.tail.catch(() => {});
  }

  /** False: wait for `onRoom`. */
  write(chunk: Buffer): boolean {
    this.size += chunk.length;
    this.waiting += chunk.length;
    this.tail = this.tail.then(async () => {
      await writeAll(await this.handle, chunk);
      const wasFull = this.waiting > HIGH_WATER;
      this.waiting -= chunk.length;
      if (wasFull && this.waiting <= HIGH_WATER && !this.closed) this.onRoom();
    });
    this.tail.catch(() => {});
    return this.waiting <= HIGH_WATER;
  }

  /** Resolves when everything is in the file; rejects when it could not be written. */
  written(): Promise<void> {
    return this.tail;
  }

  /** Reads from one place to another, no faster than it is taken. */
  async read(from: number, to: number, take: Take): Promise<void> {
    for await (const chunk of this.chunks(from, to)) if (!(await take(chunk))) return;
  }

  /** The same, for whoever pulls. Ends early when the file is closed. */
  async *chunks(from: number, to: number): AsyncGenerator<Buffer> {
    const handle = await this.handle;
    for (let at = from; at < to && !this.closed; ) {
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, to - at));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Error('the file of an upload is shorter than what was written');
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const done = (): Promise<void> => this.handle.then((handle) => handle.close());
    this.tail.then(done, done).catch(() => {});
  }
}

async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `headgate-upload-${randomBytes(12).toString('hex')}`);
  const handle = await open(path, 'wx+', 0o600);
  await unlink(path);
  return handle;
}

async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
}
