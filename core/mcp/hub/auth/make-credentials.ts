import type { Signer } from '@headgate/sdk';
import type { FetchRule } from '../../../config/fetch-rule.js';
import { addressOfServer, type McpServerConfig } from '../../../config/mcp-config.js';
import type { Behalf } from '../../protocol.js';
import { AuthFetch } from './auth-fetch.js';
import { type Credentials, fixedHeaders, NO_CREDENTIALS, withoutCredentials } from './credentials.js';
import { tokenCredentials } from './own-tokens.js';
import type { PlainFetch } from './signed-fetch.js';
import { awsCredentials } from './sigv4.js';
import { storedHeader } from './stored-header.js';
import { userTokens } from './user-tokens.js';
import type { Vault } from './vault.js';

/** What credentials are made with. */
export interface AuthParts {
  readonly vault: Vault;
  /** Addresses beside public ones that may be asked where a server names them. */
  readonly fetchRules: () => readonly FetchRule[];
  /** Path at which somebody signs in to a server, asking for these rights; '' for those that it wants at first. */
  readonly signInPath: (server: string, owner: string, scope: string) => string;
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
      return tokenCredentials({ server, url, fetch: this.fetchFor(config) }, auth, null);
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
      case 'oauth':
        return userTokens(
          {
            server,
            url,
            owner: behalf.owner,
            fetch: this.fetchFor(config),
            vault: this.parts.vault,
            signInPath: (scope) => this.parts.signInPath(server, behalf.owner, scope),
          },
          auth,
        );
      case 'token_exchange':
        return tokenCredentials({ server, url, fetch: this.fetchFor(config) }, auth, behalf);
    }
  }

  close(): Promise<void> {
    return this.fetch.close();
  }

  /** Reaches the authorization server of a server. */
  fetchFor(config: McpServerConfig): PlainFetch {
    const { auth } = config;
    const chosen = 'issuer' in auth ? [auth.issuer, auth.tokenUrl] : [];
    return this.fetch.for([addressOfServer(config), ...chosen].filter((one) => one !== null));
  }
}
