import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { plainHash } from '../identity/key-hash.js';
import { sameSecret } from '../identity/same-secret.js';
import { isMemory } from '../store/sql/address.js';

const FILE = 'admin-token';
const PREFIX = 'hga-';

/** Whether a gateway with this configuration makes an admin token of its own, when it is a program of its own. */
export function makesToken({ admin, store }: Config): boolean {
  // With nothing kept on disk there would be another one at every start.
  const inMemory = store.kind === 'sqlite' && isMemory(store.path);
  return admin.token === null && admin.required && !inMemory;
}

/** Makes a token; the data folder gets its hash alone. One that was made before does not work any longer. */
export function makeToken(dataDir: string): string {
  // A plain hash does: nobody guesses 256 random bits.
  const token = PREFIX + randomBytes(32).toString('base64url');
  mkdirSync(dataDir, { recursive: true });
  const draft = join(dataDir, `${FILE}.${process.pid}`);
  writeFileSync(draft, `${plainHash(token)}\n`, { mode: 0o600 });
  renameSync(draft, join(dataDir, FILE));
  return token;
}

/** The token that was made at the first start, as far as this process knows it: its hash. */
export class OwnToken {
  private hash: string | null = null;

  private constructor(private readonly dataDir: string | null) {}

  /** None is made or looked for: a token is set, or the gateway is part of a program. */
  static none(): OwnToken {
    return new OwnToken(null);
  }

  /** Of a data folder. `made` is the token itself when there was none before. */
  static open(dataDir: string): { token: OwnToken; made: string | null } {
    const token = new OwnToken(dataDir);
    token.look();
    if (token.hash !== null) return { token, made: null };
    const made = makeToken(dataDir);
    token.look();
    return { token, made };
  }

  get exists(): boolean {
    return this.hash !== null;
  }

  is(given: string): boolean {
    return this.hash !== null && given !== '' && sameSecret(plainHash(given), this.hash);
  }

  /** Another one may have been made meanwhile. */
  look(): void {
    if (this.dataDir === null) return;
    try {
      this.hash = readFileSync(join(this.dataDir, FILE), 'utf8').trim() || null;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      // Whoever deletes the file has no token, and nobody else may come in by that.
    }
  }
}
