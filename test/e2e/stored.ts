import { join } from 'node:path';
import type { SettledRecord } from '@headgate/sdk';
import { storedIn } from '../store/reading.js';

/** What the database of a gateway that has ended says of its requests, in the order they came. */
export function storedRequests(dataDir: string): Promise<SettledRecord[]> {
  return storedIn(join(dataDir, 'headgate.db'));
}
