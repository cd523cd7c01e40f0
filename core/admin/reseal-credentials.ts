import type { Change, Writing } from '../store/control/control-store.js';
import { StoreError } from '../store/control/store-error.js';
import { CREDENTIAL_KIND, credentialId } from './credential-kind.js';
import { SealError, type Sealer } from './definitions/sealer.js';
import { nameOf } from './mcp-vault.js';

/** Puts credentials of users under the key that counts now. Throws a StoreError about one that cannot be opened. */
export async function resealCredentials({ credentials, now }: Writing, sealer: Sealer): Promise<Change[]> {
  const done: Change[] = [];
  for (const row of await credentials.list({})) {
    if (sealer.isCurrent(row.sealed)) continue;
    const { server, owner, what } = row;
    try {
      const sealed = sealer.seal(sealer.open(row.sealed, nameOf(row)), nameOf(row));
      await credentials.replace(row, row.version, sealed, now);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new StoreError(
        'entity_invalid',
        `${what} of ${owner} for the MCP server "${server}": ${error.message}`,
      );
    }
    const id = credentialId(server, owner);
    done.push({ action: 'reseal', kind: CREDENTIAL_KIND, id, before: null, after: null, note: { what } });
  }
  return done;
}
