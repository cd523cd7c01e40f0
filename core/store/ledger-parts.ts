import { join } from 'node:path';
import { LogWriter } from '../observe/log-writer.js';
import { lockDataDir, type Unlock } from './data-dir-lock.js';
import { KeptAnswers } from './kept-answers.js';
import type { LedgerSettings } from './ledger-protocol.js';
import { type LedgerSql, openLedgerSql } from './ledger-sql.js';
import { LedgerStore } from './ledger-store.js';
import type { NodeLives } from './node-lives.js';
import { Spool } from './spool.js';
import { SPOOL_FOLDER } from './spool-writer.js';

/** What is there before the ledger runs. */
export interface LedgerParts {
  readonly unlock: Unlock;
  readonly db: LedgerSql;
  readonly spool: Spool | null;
  readonly log: LogWriter;
  readonly store: LedgerStore;
  readonly kept: KeptAnswers;
  readonly lives: NodeLives | null;
}

/** Rejects, with a message for people, when something cannot be opened; nothing is left open then. */
export async function openParts(settings: LedgerSettings): Promise<LedgerParts> {
  const { address, dataDir, inMemory } = settings;
  const unlock = inMemory ? () => undefined : lockDataDir(dataDir);
  let db: LedgerSql | null = null;
  try {
    db = await openLedgerSql(address, { fsync: settings.fsync });
    const log = new LogWriter({
      level: settings.logLevel,
      requests: settings.logRequests,
      format: settings.logFormat,
      secrets: settings.secrets,
      file: settings.logFile,
    });
    const { life } = settings;
    const lives =
      life === null ? null : await (await import('./node-lives.js')).NodeLives.open(db, dataDir, life);
    const store = new LedgerStore(db, lives);
    const spool = inMemory ? null : await openSpool(dataDir, store, log, lives);
    const kept = await KeptAnswers.open(db, settings.node);
    return { unlock, db, spool, log, store, kept, lives };
  } catch (error) {
    await db?.close();
    unlock();
    throw error;
  }
}

async function openSpool(
  dataDir: string,
  store: LedgerStore,
  log: LogWriter,
  lives: NodeLives | null,
): Promise<Spool> {
  const spool = new Spool(join(dataDir, SPOOL_FOLDER), {
    warn: (message, fields) => log.line('warn', message, fields),
    onDamaged: () => lives?.spoil(),
    boot: lives?.boot ?? null,
  });
  await spool.recover((segment) => store.positionOf(segment));
  return spool;
}
