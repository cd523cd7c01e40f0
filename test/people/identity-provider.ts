import { generateKeyPairSync } from 'node:crypto';
import type { Server } from 'node:http';
import Provider from 'oidc-provider';
import { freePort } from '../e2e/harness.js';

export const CLIENT = { id: 'headgate', secret: 'a-client-secret-of-the-tests-0123456789' };

/** What the provider knows of somebody, by what they sign in as. */
export type Accounts = Record<string, Record<string, unknown>>;

export interface IdentityProvider {
  readonly issuer: string;
  readonly accounts: Accounts;
  stop(): Promise<void>;
}

/** A real OpenID provider on loopback, with a form for the name and one for the consent. */
export async function startIdentityProvider(
  redirectUrl: string,
  accounts: Accounts,
): Promise<IdentityProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' };
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirectUrl] }],
    jwks: { keys: [key] },
    cookies: { keys: ['only-for-this-test'] },
    pkce: { required: () => true },
    claims: {
      openid: ['sub', 'groups'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, ...accounts[id] }),
    }),
    features: { devInteractions: { enabled: true } },
  });
  const server = await new Promise<Server>((resolve) => {
    const listening: Server = provider.listen(port, '127.0.0.1', () => resolve(listening));
  });
  return {
    issuer,
    accounts,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
