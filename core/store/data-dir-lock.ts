import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { pidIn } from './data-dir-pids.js';

/** Releases the lock. */
export type Unlock = () => void;

/**
 * Takes a data folder for this process, making it if need be. The lock is one of the operating system's, taken by SQLite
 * on a file of its own, so it goes with the process however that dies. Throws when another process has it, or the
 * folder cannot be written to.
 */
export function lockDataDir(dir: string): Unlock {
  const pidFile = join(dir, 'headgate.pid');
  let db: Database.Database | undefined;
  try {
    mkdirSync(dir, { recursive: true });
    db = new Database(join(dir, 'headgate.lock'));
    db.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    db?.close();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('SQLITE_BUSY')) {
      throw new Error(
        `The data folder ${dir} is in use by another Headgate process${holder(pidFile)}. Stop it, or give this one a ` +
          'folder of its own with --data.',
      );
    }
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The data folder ${dir} cannot be written to: ${message}. Choose another one with --data.`,
    );
  }
  const held = db;
  return () => {
    rmSync(pidFile, { force: true });
    rmSync(join(dir, 'headgate.sighup'), { force: true });
    held.exec('ROLLBACK');
    held.close();
  };
}

/** The process that has a data folder; null when none has. */
export function holderOf(dir: string): { readonly pid: number; readonly hearsSighup: boolean } | null {
  const lock = join(dir, 'headgate.lock');
  if (!existsSync(lock)) return null;
  const db = new Database(lock);
  try {
    db.prepare('SELECT count(*) FROM sqlite_master').get();
    return null;
  } catch {
    const pid = pidIn(join(dir, 'headgate.pid'));
    return pid === null ? null : { pid, hearsSighup: pidIn(join(dir, 'headgate.sighup')) === pid };
  } finally {
    db.close();
  }
}

function holder(pidFile: string): string {
  const pid = pidIn(pidFile);
  return pid === null ? '' : ` (pid ${pid})`;
}
