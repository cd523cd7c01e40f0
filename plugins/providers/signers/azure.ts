import type { Signer } from '@headgate/sdk';
import { credentialJson } from './credential-json.js';
import { entraToken } from './entra-token.js';
import { type Environment, processEnvironment } from './environment.js';
import { TokenSource } from './token-source.js';

const DEFAULT_SCOPE = 'https://cognitiveservices.azure.com/.default';

/**
 * Azure: a key in the header `api-key` (or the one in `header`); without a key, or with JSON of a service principal, a token
 * of Entra ID for `scope`.
 */
export function azureSigner(environment: Environment): Signer {
  return {
    id: 'azure',
    withoutBody: true,
    ofMachine: (credential) => credential === '',
    fixed: (credential, options) => (isKey(credential) ? [options['header'] ?? 'api-key', credential] : []),
    open(credential, options, host) {
      if (isKey(credential)) return undefined;
      const scope = options['scope'] ?? DEFAULT_SCOPE;
      return new TokenSource(
        async () => entraToken(credentialJson(credential), scope, host, environment),
        host.clock,
      );
    },
  };
}

export const azure = azureSigner(processEnvironment);

function isKey(credential: string): boolean {
  return credential !== '' && !credential.trimStart().startsWith('{');
}
