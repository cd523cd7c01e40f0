import type { Signer } from '@headgate/sdk';
import { jsonObject } from '../credential-json.js';
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
    ofMachine,
    open: (credential, options, host) =>
      new TokenSource(
        () => googleToken(credential, options['scope'] ?? DEFAULT_SCOPE, host, environment),
        host.clock,
      ),
  };
}

export const google = googleSigner(processEnvironment);

/** A path; or an account whose token is in a file, at an address or in the environment of the machine, itself or as a source. */
function ofMachine(credential: string): boolean {
  if (!credential.trimStart().startsWith('{')) return true;
  try {
    return JSON.stringify(jsonObject(credential)).includes('"credential_source"');
  } catch {
    // Of no use to anybody.
    return false;
  }
}
