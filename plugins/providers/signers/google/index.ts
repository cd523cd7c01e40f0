import type { Signer } from '@headgate/sdk';
import { type Environment, processEnvironment } from '../environment.js';
import { TokenSource } from '../token-source.js';
import { googleToken } from './token.js';

const DEFAULT_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Google Cloud: a token for `scope`, from a credentials file (its path, or its JSON text, as the key), else from the
 * application default credentials.
 */
export function googleSigner(environment: Environment): Signer {
  return {
    id: 'google',
    withoutBody: true,
    open: (credential, options, host) =>
      new TokenSource(
        () => googleToken(credential, options['scope'] ?? DEFAULT_SCOPE, host, environment),
        host.clock,
      ),
  };
}

export const google = googleSigner(processEnvironment);
