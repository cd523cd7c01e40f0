import { createHmac } from 'node:crypto';
import { ControlStore } from '../store/control/control-store.js';
import type { ControlTables } from '../store/control/tables.js';
import type { StoreAddress } from '../store/sql/address.js';
import { openSql } from '../store/sql/open.js';

/** Connections to Postgres for changes and for looking; one more listens. */
const CONNECTIONS = 3;

/**
 * Opens the store of what is made at run time and brings its tables to this version. Rejects with words for people, also when
 * its keys are hashed under another secret.
 */
export async function openStore(
  address: StoreAddress,
  secret: string,
  onLost?: (why: string) => void,
): Promise<ControlStore> {
  const database = await openSql<ControlTables>(address, {
    connections: CONNECTIONS,
    ...(onLost !== undefined && { onLost }),
  });
  const store = new ControlStore(database);
  try {
    await store.migrate();
    await checkSecret(store, secret);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function checkSecret(store: ControlStore, secret: string): Promise<void> {
  const hash = createHmac('sha256', secret).update('headgate: is this the same secret?').digest('hex');
  if (await store.sameSecret(hash)) return;
  throw new Error(
    `The keys in ${store.database.shown} are hashed under another secret than this node has, so none of them would be ` +
      'known here. Set HEADGATE_SECRET (or admin.secret) to the one that the other nodes have: the file "secret" in their ' +
      'data folder, when it is set nowhere.',
  );
}
