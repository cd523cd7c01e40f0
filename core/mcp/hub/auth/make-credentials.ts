import type { Signer } from '@headgate/sdk';
import type { FetchRule } from '../../../config/fetch-rule.js';
import { addressOfServer, type McpServerConfig } from '../../../config/mcp-config.js';
import type { Behalf } from '../../protocol.js';
import { AuthFetch } from './auth-fetch.js';
import { type Credentials, fixedHeaders, NO_CREDENTIALS, withoutCredentials } from './credentials.js';
import { tokenCredentials } from './own-tokens.js';
import { awsCredentials } from './sigv4.js';
import { storedHeader } from './stored-header.js';
import type { Vault } from './vault.js';

/** What credentials are made with. */
export interface AuthParts {
  readonly vault: Vault;
  /** Addresses beside public ones that may be asked where a server names them. */
  readonly fetchRules: () => readonly FetchRule[];
  /** One that providers have too. */
  readonly signer: (id: string) => Signer;
}

/** Makes what requests to servers come with, by what the configuration says. */
export class CredentialMaker {
  private readonly fetch: AuthFetch;

  constructor(private readonly parts: AuthParts) {
    this.fetch = new AuthFetch(parts.fetchRules);
  }

  /** @param behalf null where all come with the same, and for nobody in particular */
  make(config: McpServerConfig, behalf: Behalf | null): Credentials {
    const { id: server, auth } = config;
    const url = addressOfServer(config);
    if (auth.kind === 'none' || url === '') return NO_CREDENTIALS;
    if (auth.kind === 'sigv4') return awsCredentials(server, auth, this.parts.signer('sigv4'));
    if (auth.kind === 'client_credentials')
      return tokenCredentials({ server, url, fetch: this.fetchFor(url, auth) }, auth, null);
    if (behalf === null)
      return withoutCredentials({
        code: 'mcp_credential_missing',
        details: { server, how: 'each of its users has another one, so it must be one of these who asks' },
        sent: false,
      });
    if (behalf.missing !== null) return withoutCredentials(behalf.missing);
    switch (auth.kind) {
      case 'forward':
        return fixedHeaders(behalf.headers);
      case 'user_header': {
        const value = auth.values.get(behalf.owner);
        return value === undefined
          ? storedHeader({ server, url, owner: behalf.owner }, auth, this.parts.vault)
          : fixedHeaders([[auth.name, auth.prefix + value.reveal()]]);
      }
      case 'token_exchange':
        return tokenCredentials({ server, url, fetch: this.fetchFor(url, auth) }, auth, behalf);
    }
  }

  close(): Promise<void> {
    return this.fetch.close();
  }

  private fetchFor(url: string, { issuer, tokenUrl }: { issuer: string | null; tokenUrl: string | null }) {
    return this.fetch.for([url, issuer, tokenUrl].filter((one) => one !== null));
  }
}
