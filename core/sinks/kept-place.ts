import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { LogPlace } from './frame-log.js';

/** In the folder of what waits for sinks. */
export const PLACES_FOLDER = 'places';

/** How far one sink has got, on disk, so that a restart goes on from there. */
export class KeptPlace {
  private readonly file: string;
  private written = '';

  constructor(dir: string, name: string) {
    this.file = join(dir, `${name}.place`);
  }

  /** Null when nothing that makes sense is there. */
  read(): LogPlace | null {
    try {
      return parsePlace(readFileSync(this.file, 'utf8'));
    } catch {
      return null;
    }
  }

  /**
   * Whole or not at all. Throws when the disk refuses; the sink is then told again of what it has. A text as long as the one before
   * is written over it, which needs no room on a full disk: to replace the file each time makes file systems write it out at once,
   * several times a second.
   */
  write({ segment, offset }: LogPlace): void {
    const text = `${String(offset).padStart(15, '0')} ${segment}\n`;
    if (text === this.written) return;
    if (text.length === this.written.length) this.writeOver(text);
    else {
      writeFileSync(`${this.file}.new`, text, { mode: 0o600 });
      renameSync(`${this.file}.new`, this.file);
    }
    this.written = text;
  }

  private writeOver(text: string): void {
    const fd = openSync(this.file, 'r+');
    try {
      writeSync(fd, text, 0);
    } finally {
      closeSync(fd);
    }
  }

  remove(): void {
    rmSync(this.file, { force: true });
  }
}

/** Offset and segment, which is empty before the first one. */
function parsePlace(text: string): LogPlace | null {
  const [, offset = '', segment = ''] = /^(\d{1,15}) (\S*)\n$/.exec(text) ?? [];
  return offset === '' ? null : { segment, offset: Number(offset) };
}

/** Names of the segments that places are in; empty when there are none. */
export function placedSegments(dir: string): string[] {
  try {
    return readdirSync(join(dir, PLACES_FOLDER)).flatMap((name) => {
      const place = parsePlace(readFileSync(join(dir, PLACES_FOLDER, name), 'utf8'));
      return place === null ? [] : [place.segment];
    });
  } catch {
    return [];
  }
}
