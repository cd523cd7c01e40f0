import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SigningKeys } from '../../core/identity/jwt/signing-keys.js';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from '../governance/admin-client.js';

type Json = Record<string, unknown>;
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

/** An issuer with its own address: what it says of itself, and its keys. */
class Issuer {
  readonly keys: Json[] = [];
  asked = 0;
  away = false;
  url = '';
  private server: Server | null = null;

  async start(): Promise<void> {
    const server = createServer((request, answer) => {
      this.asked++;
      if (this.away) answer.writeHead(503).end();
      else if (request.url === '/.well-known/openid-configuration')
        answer.end(JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/keys` }));
      else answer.end(JSON.stringify({ keys: this.keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.server = server;
  }

  async add(kid: string, alg = 'RS256'): Promise<Pair> {
    const pair = await generateKeyPair(alg, { extractable: true });
    this.keys.push({ ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' });
    return pair;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

const issuer = new Issuer();
let pair: Pair;
let gateway: Embedded;

const seconds = (): number => Math.floor(Date.now() / 1000);
const claims = (more: JWTPayload = {}): JWTPayload => ({
  iss: issuer.url,
  aud: 'headgate',
  sub: 'ada',
  team: 'red',
  exp: seconds() + 600,
  ...more,
});
const signed = (
  payload: JWTPayload,
  { key = pair.privateKey, kid = 'one', alg = 'RS256' } = {},
): Promise<string> => new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(key);

const ask = (fetcher: typeof fetch, url: string, token: string, model = 'mock/hello'): Promise<Response> =>
  fetcher(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] }),
  });
const said = async (
  token: string,
  model?: string,
): Promise<{ status: number; code?: unknown; message?: unknown }> => {
  const answer = await ask(gateway.fetch, '', token, model);
  const { error } = (await answer.json()) as { error?: Json };
  return {
    status: answer.status,
    ...(error !== undefined && { code: error['code'], message: error['message'] }),
  };
};
const admin = async (method: string, path: string, body?: object): Promise<Json> => {
  const answer = await gateway.fetch(path, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Json;
};
const config = () => ({
  admin: { token: ADMIN_TOKEN },
  prices: { 'mock/*': { request_usd: 0.001 } },
  organizations: { acme: {} },
  teams: {
    red: { organization: 'acme', denied_models: ['mock/secret*'] },
    poor: { budgets: [{ usd: 0.0015, per: 'day' as const }] },
  },
  keys: [{ name: 'usual', value: 'hg-the-usual-key-0123456789' }],
  auth: {
    jwt: {
      issuers: [
        {
          name: 'corp',
          issuer: issuer.url,
          audience: ['headgate', 'other'],
          claims: { team: 'team', organization: 'org', customer: 'app.customer' },
          rules: { models: ['mock/h*', 'mock/secret*'], limits: { rpm: 1000 } },
        },
      ],
    },
  },
});

beforeAll(async () => {
  await issuer.start();
  pair = await issuer.add('one');
  gateway = await embed({ config: config() });
});
afterAll(async () => {
  await gateway.close();
  issuer.stop();
});

describe('a token of another issuer', () => {
  it('lets its holder in as its user and team, counted there, with the rules of the team', async () => {
    const token = await signed(claims({ app: { customer: 'shop' } } as JWTPayload));
    expect(await said(token)).toEqual({ status: 200 });
    expect(await said(token, 'mock/secret-1')).toMatchObject({ status: 403, code: 'model_not_allowed' });
    expect(await said(token, 'mock/other')).toMatchObject({ status: 403, code: 'model_not_allowed' });
    const { rows } = await admin('GET', '/api/usage?group_by=org,team,user,key,customer&team=red');
    expect(rows).toMatchObject([
      { org: 'acme', team: 'red', user: 'ada', key: 'jwt:corp:ada', customer: 'shop' },
    ]);
    const me = await gateway.fetch('/api/me', { headers: { authorization: `Bearer ${token}` } });
    expect(await me.json()).toMatchObject({
      id: 'jwt:corp:ada',
      limits: [{ requests: 1000, of: { kind: 'key' } }],
    });
  });

  it('is verified once, and its issuer asked for its keys once', async () => {
    const token = await signed(claims({ sub: 'often' }));
    const before = issuer.asked;
    for (let i = 0; i < 20; i++) expect(await said(token)).toEqual({ status: 200 });
    expect(issuer.asked).toBe(before);
  });

  it('is under the budget of its team, whoever holds it', async () => {
    const statuses: number[] = [];
    for (const sub of ['a', 'b', 'c'])
      statuses.push((await said(await signed(claims({ sub, team: 'poor' })))).status);
    expect(statuses).toEqual([200, 402, 402]);
  });

  it('follows what is changed of its team and its user, though it was remembered', async () => {
    await admin('POST', '/api/teams', { id: 'blue' });
    await admin('POST', '/api/users', { id: 'bob' });
    const token = await signed(claims({ sub: 'bob', team: 'blue' }));
    expect(await said(token)).toEqual({ status: 200 });
    await admin('PATCH', '/api/users/bob', { disabled: true });
    expect(await said(token)).toMatchObject({ status: 403, code: 'entity_disabled' });
    await admin('PATCH', '/api/users/bob', { disabled: null });
    expect(await said(token)).toEqual({ status: 200 });
    await admin('DELETE', '/api/teams/blue');
    expect(await said(token)).toMatchObject({ status: 403, code: 'entity_disabled' });
  });

  it('stands beside virtual keys, and where there are both one of them is needed', async () => {
    expect((await said('hg-the-usual-key-0123456789')).status).toBe(200);
    expect(await said('hg-nobodys')).toMatchObject({ status: 401, code: 'key_unknown' });
    expect((await gateway.fetch('/v1/models')).status).toBe(401);
    const models = await gateway.fetch('/v1/models', { headers: { 'x-api-key': await signed(claims()) } });
    expect(models.status).toBe(200);
  });
});

describe('a token is not accepted', () => {
  const refused: [string, RegExp, () => Promise<string>][] = [
    ['that has expired', /expired/, () => signed(claims({ exp: seconds() - 31 }))],
    ['that never ends', /exp/, async () => signed({ ...claims(), exp: undefined } as JWTPayload)],
    ['that is not valid yet', /not valid yet/, () => signed(claims({ nbf: seconds() + 60 }))],
    ['for somebody else', /aud/, () => signed(claims({ aud: 'another' }))],
    ['of another issuer', /issuer/, () => signed(claims({ iss: 'https://evil.example' }))],
    [
      'signed with another key of that name',
      /signature/,
      async () => {
        const other = await generateKeyPair('RS256');
        return signed(claims(), { key: other.privateKey });
      },
    ],
    [
      'signed with nothing',
      /alg/,
      async () => {
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
        return `${part({ alg: 'none', kid: 'one' })}.${part(claims())}.`;
      },
    ],
    [
      'signed with the public key as a secret',
      /alg/,
      async () => {
        const secret = Buffer.from(JSON.stringify(issuer.keys[0]));
        return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret);
      },
    ],
    [
      'that was changed',
      /signature/,
      async () => {
        const [head, , signature] = (await signed(claims())).split('.');
        return `${head}.${Buffer.from(JSON.stringify(claims({ team: 'poor' }))).toString('base64url')}.${signature}`;
      },
    ],
    [
      'with a key inside it',
      /signature|key/,
      async () => {
        const own = await generateKeyPair('RS256', { extractable: true });
        const jwk = await exportJWK(own.publicKey);
        return new SignJWT(claims())
          .setProtectedHeader({ alg: 'RS256', jwk, jku: 'https://evil.example' })
          .sign(own.privateKey);
      },
    ],
    ['without a team', /team/, () => signed({ ...claims(), team: undefined } as JWTPayload)],
    ['whose user is no id', /user/, () => signed(claims({ sub: "x'; DROP TABLE usage_days; --" }))],
    ['whose team is no id', /team/, () => signed(claims({ team: 'a\r\nb' }))],
    ['whose team is of another organization', /organization/, () => signed(claims({ org: 'umbrella' }))],
    ['that is too long', /long/, () => signed(claims({ more: 'x'.repeat(9000) }))],
    ['that is none', /JSON Web Token/, async () => 'eyJhbGciOi.not.atoken'],
    ['of three dots', /JSON Web Token/, async () => 'eyJ...'],
  ];
  it.each(refused)('%s', async (_, why, make) => {
    expect(await said(await make())).toMatchObject({
      status: 401,
      code: 'token_invalid',
      message: expect.stringMatching(why),
    });
  });

  it('for a team that nobody knows', async () => {
    expect(await said(await signed(claims({ team: 'unheard' })))).toMatchObject({
      status: 403,
      code: 'entity_disabled',
    });
  });
});

it('a new key of the issuer is found, looked for at most every ten seconds, and old ones count while it is away', async () => {
  let now = 1_000_000;
  const of = { name: 'corp', issuer: issuer.url, jwksUrl: `${issuer.url}/keys`, keys: null };
  const notes: string[] = [];
  const keys = new SigningKeys(
    () => [of as never],
    (_, message) => notes.push(message),
    () => now,
  );
  issuer.away = true;
  expect(await keys.get('corp', 'one', 0)).toBeNull();
  expect(notes).toHaveLength(1);
  issuer.away = false;
  // Not asked again at once, whoever sends tokens.
  expect(await keys.get('corp', 'one', 0)).toBeNull();
  now += 10_000;
  const first = await keys.get('corp', 'one', 0);
  expect(first?.keys).toHaveLength(1);
  expect(await keys.get('corp', 'one', first?.version ?? 0)).toEqual({ version: first?.version, keys: null });
  await issuer.add('two', 'ES256');
  const asked = issuer.asked;
  expect((await keys.get('corp', 'two', 0))?.keys).toHaveLength(1);
  now += 10_000;
  expect((await keys.get('corp', 'two', 0))?.keys).toHaveLength(2);
  expect(issuer.asked).toBe(asked + 1);
  issuer.away = true;
  now += 3_600_000;
  expect((await keys.get('corp', 'two', 0))?.keys).toHaveLength(2);
  now += 24 * 3_600_000;
  await keys.get('corp', 'two', 0);
  expect(await keys.get('corp', 'two', 0)).toBeNull();
  issuer.away = false;
});

it('two I/O threads take tokens, with keys from the address that the issuer names', async () => {
  const node = await startHeadgate({ config: { ...config(), server: { threads: 2 } } });
  try {
    const token = await signed(claims({ sub: 'threads' }));
    const bad = `${token.slice(0, -6)}AAAAAA`;
    const asked = Array.from({ length: 16 }, (_, i) =>
      fetch(`${node.url}/v1/models`, {
        headers: { authorization: `Bearer ${i % 2 === 0 ? token : bad}`, connection: 'close' },
      }),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses).toEqual(statuses.map((_, i) => (i % 2 === 0 ? 200 : 401)));
    expect(node.logs()).not.toContain(token);
  } finally {
    await stopCleanly(node);
  }
});

it('keys may stand in the file, teams be called what the issuer calls them, and no token of another goes', async () => {
  const own = await generateKeyPair('ES256', { extractable: true });
  const [first] = config().auth.jwt.issuers;
  const fixed = await embed({
    config: {
      ...config(),
      store: { url: 'sqlite::memory:' },
      auth: {
        jwt: {
          issuers: [
            {
              name: 'fixed',
              issuer: 'urn:corp',
              audience: 'headgate',
              keys: [{ ...(await exportJWK(own.publicKey)) }],
              claims: { team: 'groups' },
              teams: { '6a1c-guid': 'red' },
            },
            ...(first === undefined ? [] : [{ ...first, name: 'second' }]),
          ],
        },
      },
    },
  });
  const of = (groups: string[], iss = 'urn:corp') =>
    new SignJWT({ groups })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(iss)
      .setAudience('headgate')
      .setSubject('eve')
      .setExpirationTime('5m')
      .sign(own.privateKey);
  expect((await ask(fixed.fetch, '', await of(['6a1c-guid']))).status).toBe(200);
  expect((await ask(fixed.fetch, '', await of(['red']))).status).toBe(401);
  expect((await ask(fixed.fetch, '', await of(['6a1c-guid'], issuer.url))).status).toBe(401);
  await fixed.close();
});
