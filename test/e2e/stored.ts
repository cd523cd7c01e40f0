import { join } from 'node:path';
import type { SettledRecord } from '@headgate/sdk';
import Database from 'libsql';
import { stored } from '../store/reading.js';

/** What the database of a gateway that has ended says of its requests, in the order they came. */
export function storedRequests(dataDir: string): SettledRecord[] {
  const db = new Database(join(dataDir, 'headgate.db'), { readonly: true });
  const records = stored(db);
  db.close();
  return records;
}
