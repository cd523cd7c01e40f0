import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { LedgerSql, Statements } from '../ledger-sql.js';
import { BodyTexts } from './body-texts.js';
import type { KeptBodies } from './kept-bodies.js';

const unzip = promisify(gunzip);

/**
 * Makes the words of copied bodies anew: SQLite keeps none that could be read, and Postgres has them in another form. Part of
 * the caller's transaction. One that cannot be read is copied as it is and has no words.
 *
 * @param rows number and data of each
 */
export async function indexCopied(
  db: LedgerSql,
  sql: Statements,
  rows: readonly (readonly [number: number, data: Uint8Array])[],
): Promise<void> {
  const texts = new BodyTexts(db);
  for (const [number, data] of rows) {
    const kept = await keptIn(data);
    if (kept !== null) await texts.add(sql, number, kept);
  }
}

async function keptIn(data: Uint8Array): Promise<KeptBodies | null> {
  try {
    return JSON.parse((await unzip(data)).toString()) as KeptBodies;
  } catch {
    return null;
  }
}
