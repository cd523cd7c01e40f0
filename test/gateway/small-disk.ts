import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const mounted: string[] = [];

afterAll(() => {
  for (const dir of mounted) {
    spawnSync('umount', [dir]);
    rmSync(dir, { recursive: true, force: true });
  }
});

/** A disk of 4 MB that is gone after the tests; null, with a word, where this process may mount none. */
export function smallDisk(): string | null {
  const dir = mkdtempSync(join(tmpdir(), 'headgate-full-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir]);
  if (status === 0) mounted.push(dir);
  else {
    rmSync(dir, { recursive: true, force: true });
    console.warn('a full disk is left out, since this process may mount none');
  }
  return status === 0 ? dir : null;
}

/** Leaves no room on it, and returns what makes room again. */
export function fill(dir: string): () => void {
  const file = join(dir, 'ballast');
  const { bavail, bsize } = statfsSync(dir);
  writeFileSync(file, Buffer.alloc(bavail * bsize));
  return () => unlinkSync(file);
}
