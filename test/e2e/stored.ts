import { join } from 'node:path';
import Database from 'libsql';

interface StoredRequest {
  customer: string;
  status: number;
  outcome: string;
  error: string;
}

/** What the database of a gateway that has ended says of its requests, in the order they came. */
export function storedRequests(dataDir: string): StoredRequest[] {
  const db = new Database(join(dataDir, 'headgate.db'), { readonly: true });
  const query = 'SELECT customer, status, outcome, error FROM requests_readable ORDER BY time, id';
  const rows = db.prepare(query).all() as StoredRequest[];
  db.close();
  return rows;
}
