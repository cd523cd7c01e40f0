import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a small file of the data folder: after a crash or a power failure it is the one before or this one. */
export function writeWhole(folder: string, name: string, text: string): void {
  const draft = join(folder, `${name}.${process.pid}`);
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, join(folder, name));
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
