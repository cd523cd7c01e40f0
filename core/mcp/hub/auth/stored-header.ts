import type { UserHeaderConfig } from '../../../config/mcp-auth-config.js';
import { CredentialError, type Credentials, NO_CREDENTIALS } from './credentials.js';
import type { Vault } from './vault.js';

/** As the vault has it. */
export interface StoredHeader {
  /** Of the server that it was given for. */
  readonly url: string;
  readonly value: string;
}

/** A header whose value its owner has given. */
export function storedHeader(
  { server, url, owner }: { readonly server: string; readonly url: string; readonly owner: string },
  { name, prefix, selfService }: UserHeaderConfig,
  vault: Vault,
): Credentials {
  let known: Promise<string> | null = null;
  let value = '';

  async function read(): Promise<string> {
    const kept = selfService ? await vault.read({ server, owner, what: 'header' }).catch(unavailable) : null;
    const given = kept === null ? null : (kept.value as StoredHeader);
    // What was given for another address is not for this one.
    if (given === null || given.url !== url) {
      const how = selfService
        ? `set it with PUT /api/me/mcp/${server}/credential`
        : `the configuration has none for ${owner}`;
      throw new CredentialError({ code: 'mcp_credential_missing', details: { server, how }, sent: false });
    }
    ({ value } = given);
    return value;
  }

  function unavailable(error: unknown): never {
    const why = `its credential cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    throw new CredentialError({ code: 'mcp_server_unavailable', details: { server, why }, sent: false });
  }

  const get = (): Promise<string> => {
    known ??= read().catch((error) => {
      known = null;
      throw error;
    });
    return known;
  };
  return {
    ...NO_CREDENTIALS,
    ready: async () => {
      await get();
    },
    sign: async ({ headers }) => {
      headers.set(name, prefix + (await get()));
    },
    secrets: () => (value === '' ? [] : [value]),
  };
}
