import { generateKeyPairSync } from 'node:crypto';
import type { Server } from 'node:http';
import { createLocalJWKSet, type JWK, jwtVerify, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { freePort } from '../e2e/harness.js';
import type { GuardedServer, Verdict } from './guarded-server.js';

export const MACHINE = { id: 'gateway', secret: 'a-machine-secret-of-the-tests-0123456789' };
export const PEOPLE = { id: 'people', secret: 'a-people-secret-of-the-tests-0123456789' };

/** Where the browser comes back to, whatever port the gateway has. */
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

export interface AuthorizationServer {
  readonly issuer: string;
  /** Requests by path, in order. */
  readonly asked: string[];
  /** Tokens that servers must not take any more. */
  readonly revoked: Set<string>;
  /** The last subject tokens that were exchanged. */
  readonly exchanged: string[];
  readonly keys: { keys: JWK[] };
  /** How long access tokens are good, seconds. */
  ttl: number;
  /** Answers nothing but 503. */
  down: boolean;
  /** A token of another kind: of a caller of the gateway. */
  callerToken(sub: string, audience: string, more?: object): Promise<string>;
  close(): Promise<void>;
}

/** A real authorization server: registration, PKCE, resource indicators, client credentials, refresh, token exchange. */
export async function startAuthorizationServer(redirectUris: string[] = []): Promise<AuthorizationServer> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' };
  const {
    d: _,
    p: __,
    q: ___,
    dp: ____,
    dq: _____,
    qi: ______,
    ...open
  } = key as JWK & Record<string, unknown>;
  const keys = { keys: [open as JWK] };
  const state = { ttl: 3600, down: false };
  const asked: string[] = [];
  const exchanged: string[] = [];
  const sign = (sub: string, audience: string, claims: object, seconds: number): Promise<string> =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(issuer)
      .setSubject(sub)
      .setAudience(audience)
      .setIssuedAt()
      .setJti(crypto.randomUUID())
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(privateKey);
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: MACHINE.id,
        client_secret: MACHINE.secret,
        grant_types: ['client_credentials', EXCHANGE],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: PEOPLE.id,
        client_secret: PEOPLE.secret,
        redirect_uris: redirectUris,
        grant_types: GRANTS,
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ['only-for-this-test'] },
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access', 'read', 'write'],
    ttl: { AccessToken: () => state.ttl, ClientCredentials: () => state.ttl },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx: unknown, client: { grantTypeAllowed(type: string): boolean }) =>
      client.grantTypeAllowed('refresh_token'),
    findAccount: (_ctx: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      revocation: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `${issuer}/nothing`,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx: unknown, resource: string) => ({
          scope: 'read write',
          audience: resource,
          accessTokenTTL: state.ttl,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  provider.registerGrantType(
    EXCHANGE,
    async (context, next) => {
      const { params, client } = context.oidc;
      const subject = params['subject_token'] ?? '';
      exchanged.push(subject);
      try {
        const { payload } = await jwtVerify(subject, createLocalJWKSet(keys), { issuer });
        const audience = params['audience'] ?? params['resource'] ?? '';
        const act = { sub: client.clientId };
        context.body = {
          access_token: await sign(
            String(payload.sub),
            audience,
            { scope: params['scope'] ?? '', act },
            state.ttl,
          ),
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          token_type: 'Bearer',
          expires_in: state.ttl,
        };
      } catch (error) {
        context.status = 400;
        context.body = { error: 'invalid_request', error_description: `${subject}: ${String(error)}` };
      }
      await next();
    },
    ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope'],
  );
  const server = await new Promise<Server>((resolve) => {
    const listening: Server = provider.listen(port, '127.0.0.1', () => resolve(listening));
  });
  // Before the provider's own.
  server.prependListener('request', (request, response) => {
    asked.push(`${request.method} ${(request.url ?? '').split('?')[0]}`);
    if (state.down) response.writeHead(503).end('{}');
  });
  return Object.assign(state, {
    issuer,
    asked,
    exchanged,
    revoked: new Set<string>(),
    keys,
    callerToken: (sub: string, audience: string, more: object = {}) => sign(sub, audience, more, 600),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

const GRANTS = ['authorization_code', 'refresh_token'];

/** Has a server take the tokens that are for it, and say where these come from. */
export function guardedBy(
  server: GuardedServer,
  as: AuthorizationServer,
  { scope = '', resource = server.url }: { scope?: string; resource?: string } = {},
): void {
  const { origin, pathname } = new URL(server.url);
  const described = `/.well-known/oauth-protected-resource${pathname}`;
  const find = createLocalJWKSet(as.keys);
  const refuse = (status: number, error: string): Response =>
    new Response('no', {
      status,
      headers: {
        'www-authenticate': `Bearer ${error}, resource_metadata="${origin}${described}"${scope === '' ? '' : `, scope="${scope}"`}`,
      },
    });
  server.other = (request) =>
    new URL(request.url).pathname === described
      ? Response.json({ resource, authorization_servers: [as.issuer] })
      : null;
  server.guard = async (request): Promise<Verdict> => {
    const token = (request.headers.get('authorization') ?? '').replace(/^Bearer /, '');
    if (token === '' || as.revoked.has(token)) return refuse(401, 'error="invalid_token"');
    try {
      const { payload } = await jwtVerify(token, find, { issuer: as.issuer, audience: resource });
      const granted = String(payload['scope'] ?? '').split(' ');
      if (scope !== '' && !scope.split(' ').every((one) => granted.includes(one)))
        return refuse(403, 'error="insufficient_scope"');
      return { who: String(payload.sub ?? payload['client_id']) };
    } catch {
      return refuse(401, 'error="invalid_token"');
    }
  };
}
