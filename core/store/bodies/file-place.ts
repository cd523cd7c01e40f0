import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BodyPlace } from './body-place.js';

const NAME = /^bodies-[\d]{8}-[\da-f]{12}\.jsonl$/;
/** A file is closed at this size, and at the end of a day. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Another process may have written lines a moment ago that are not noted yet. */
const FOREIGN_MS = 600_000;

/**
 * Lines of JSON in files of a folder. A file that a killed process has left half written is not written to again, and its last
 * line is named by nothing. A file goes when all of its lines are needed no longer.
 */
export class FilePlace implements BodyPlace {
  readonly together = 1;
  private file: { name: string; handle: FileHandle; size: number; day: string } | null = null;
  /** Written by this process. */
  private readonly own = new Set<string>();

  constructor(
    private readonly folder: string,
    private readonly now: () => number = Date.now,
    readonly word = 'file:',
  ) {}

  async put(_id: string, _time: number, bytes: Uint8Array): Promise<string> {
    const file = await this.current();
    const line = Buffer.concat([bytes, Buffer.from('\n')]);
    const at = file.size;
    try {
      const { bytesWritten } = await file.handle.write(line, 0, line.length, at);
      if (bytesWritten < line.length) throw new Error('the disk is full');
    } catch (error) {
      // What was written of it stays behind the end, and the next line is written over it.
      await file.handle.truncate(at).catch(() => {});
      throw error;
    }
    file.size += line.length;
    return `${this.word}${file.name}:${at}:${bytes.length}`;
  }

  async get(place: string): Promise<Uint8Array | null> {
    const { name, at, length } = readPlace(place);
    let handle: FileHandle;
    try {
      handle = await open(join(this.folder, name), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    try {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await handle.read(bytes, 0, length, at);
      return bytesRead === length ? bytes : null;
    } finally {
      await handle.close();
    }
  }

  /** Single lines stay until their file goes: see `tidy`. */
  remove(places: readonly string[]): Promise<{ gone: readonly string[] }> {
    return Promise.resolve({ gone: places });
  }

  /**
   * Lets go of files of which nothing is needed. Also the file that is being written goes, and what a killed process left before it could note any of it.
   *
   * @param named files in which something is
   */
  async tidy(named: ReadonlySet<string>): Promise<void> {
    const { folder } = this;
    for (const name of await readdir(folder).catch(() => [])) {
      if (!NAME.test(name) || named.has(name)) continue;
      const path = join(folder, name);
      if (!this.own.has(name) && this.now() - (await stat(path)).mtimeMs < FOREIGN_MS) continue;
      if (name === this.file?.name) await this.close();
      await rm(path, { force: true });
      this.own.delete(name);
    }
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = null;
    await file?.handle.close();
  }

  private async current(): Promise<NonNullable<FilePlace['file']>> {
    const day = new Date(this.now()).toISOString().slice(0, 10).replaceAll('-', '');
    if (this.file !== null && (this.file.size >= MOST_BYTES || this.file.day !== day)) await this.close();
    if (this.file === null) {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      const name = `bodies-${day}-${randomBytes(6).toString('hex')}.jsonl`;
      this.file = { name, handle: await open(join(this.folder, name), 'wx', 0o600), size: 0, day };
      this.own.add(name);
    }
    return this.file;
  }
}

function readPlace(place: string): { name: string; at: number; length: number } {
  const [, name = '', at, length] = place.split(':');
  if (!NAME.test(name)) throw new Error('a place of bodies is not what was written');
  return { name, at: Number(at), length: Number(length) };
}
