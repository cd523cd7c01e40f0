import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { isMemory } from '../store/sql/address.js';

/** A secret of the data folder, readable by its owner alone; made when it is not there. */
function keptSecret(dataDir: string, name: string): string {
  const path = join(dataDir, name);
  const known = readSecret(dataDir, name);
  if (known !== null) {
    chmodSync(path, 0o600);
    return known;
  }
  mkdirSync(dataDir, { recursive: true });
  const value = randomBytes(32).toString('base64url');
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${value}\n`, { mode: 0o600 });
  try {
    // Whole or not at all, also for whoever reads it at this moment; and whoever was faster wins.
    linkSync(draft, path);
    return value;
  } catch (error) {
    const other = readSecret(dataDir, name);
    if (other === null) throw error;
    return other;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Null when there is none. */
function readSecret(dataDir: string, name: string): string | null {
  try {
    return readFileSync(join(dataDir, name), 'utf8').trim() || null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

const SECRET_FILE = 'secret';

/** What virtual keys are hashed under: the one that is set, else one that is kept in the data folder. */
export function serverSecret({ admin, store, dataDir }: Config): string {
  if (admin.secret !== null) return admin.secret.reveal();
  // With nothing kept on disk there is nothing that another start would have to know.
  const inMemory = store.kind === 'sqlite' && isMemory(store.path);
  return inMemory ? randomBytes(32).toString('base64url') : keptSecret(dataDir, SECRET_FILE);
}
