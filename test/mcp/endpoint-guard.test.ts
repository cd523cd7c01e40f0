import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed } from '../gateway/embedded.js';
import { newClient } from './clients.js';
import { fixture } from './servers.js';

const RESOURCE = 'https://gateway.example.com/mcp';
const ISSUER = 'https://login.example.com';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const token = (audience: string): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
    .setIssuer(ISSUER)
    .setSubject('ann')
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey);

let gateway: Embedded;
beforeAll(async () => {
  gateway = await embed({
    config: {
      observability: { log_level: 'error' },
      auth: {
        jwt: {
          issuers: [
            {
              name: 'login',
              issuer: ISSUER,
              audience: RESOURCE,
              keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'EdDSA' }],
            },
          ],
        },
      },
      mcp: {
        servers: { fixture: fixture() },
        allowed_origins: ['https://app.example.com'],
        public_url: 'https://gateway.example.com/',
      },
    },
  });
});
afterAll(() => gateway.close());

const ping = (headers: Record<string, string>, method = 'POST') =>
  gateway.fetch('/mcp', {
    method,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    ...(method === 'POST' && { body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }),
  });
const codeOf = async (response: Response): Promise<string | undefined> =>
  ((await response.json()) as { error: { data?: { code: string } } }).error.data?.code;

describe('a page or a name that is not known', () => {
  it.each([
    [{ host: 'evil.example.com:8080' }, 'mcp_host_unknown'],
    [{ host: 'localhost:8080', origin: 'https://evil.example.com' }, 'mcp_origin_unknown'],
    [{ host: 'localhost:8080', origin: 'null' }, 'mcp_origin_unknown'],
  ])('is refused before anything is looked at: %j', async (headers, code) => {
    const response = await ping(headers as never);
    expect([response.status, await codeOf(response)]).toEqual([403, code]);
  });

  it.each([
    [{ host: 'localhost:8080' }],
    [{ host: '[::1]:8080', origin: 'http://localhost:6274' }],
    [{ host: '127.0.0.1:8080', origin: 'https://app.example.com' }],
  ])('is not among these: %j', async (headers) => {
    expect((await ping(headers as never)).status).toBe(401);
  });

  it('and pages that are known may ask what they may, and read the answer', async () => {
    const response = await ping({ origin: 'https://app.example.com' }, 'OPTIONS');
    expect([
      response.status,
      response.headers.get('access-control-allow-origin'),
      response.headers.get('access-control-allow-methods'),
    ]).toEqual([204, 'https://app.example.com', 'GET, POST, DELETE, OPTIONS']);
  });
});

describe('OAuth', () => {
  it('a client without a token is told where tokens come from', async () => {
    const where = 'https://gateway.example.com/.well-known/oauth-protected-resource/mcp';
    const response = await ping({});
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer realm="headgate", resource_metadata="${where}"`,
    ]);
    const metadata = await gateway.fetch(new URL(where).pathname);
    expect([metadata.status, await metadata.json()]).toEqual([
      200,
      {
        resource: RESOURCE,
        resource_name: 'Headgate',
        authorization_servers: [ISSUER],
        bearer_methods_supported: ['header'],
      },
    ]);
    const ofServer = await gateway.fetch('/.well-known/oauth-protected-resource/mcp/fixture');
    expect(((await ofServer.json()) as { resource: string }).resource).toBe(`${RESOURCE}/fixture`);
  });

  it('a token for this resource is taken, one for another is not', async () => {
    const client = await newClient({ fetch: gateway.fetch, key: await token(RESOURCE) });
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    await client.close();
    const other = await ping({ authorization: `Bearer ${await token('https://other.example.com')}` });
    expect([other.status, other.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('error="invalid_token"'),
    ]);
  });
});

describe('bad input', () => {
  const session = async (): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await token(RESOURCE)}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  });
  it.each([
    ['no JSON', '{"jsonrpc"', 400],
    ['no message', '[]', 400],
    ['a session that is none', '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', 400],
    ['an initialize without its fields', '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}', 400],
  ])('%s is told so', async (_, body, status) => {
    const response = await gateway.fetch('/mcp', { method: 'POST', headers: await session(), body });
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining('"error"')]);
  });

  it('methods that there are not, and sessions that there are not', async () => {
    const headers = await session();
    expect((await gateway.fetch('/mcp', { method: 'PUT', headers })).status).toBe(405);
    const unknown = { ...headers, 'mcp-session-id': 'nobody' };
    const response = await gateway.fetch('/mcp', { method: 'DELETE', headers: unknown });
    expect([response.status, await response.text()]).toEqual([
      404,
      expect.stringContaining('Session not found'),
    ]);
  });
});

describe('the configuration', () => {
  const refused = (mcp: object): Promise<string> =>
    embed({ config: { mcp } }).then(
      (made) => made.close().then(() => 'taken'),
      (error) => String(error),
    );
  const servers = { files: fixture() };

  it.each([
    [{ servers, virtual: { files: { tools: ['files/read'] } } }, /there is a server "files"/],
    [{ servers, virtual: { desk: { tools: ['nobody/read'] } } }, /there is no server "nobody"/],
    [
      { servers, virtual: { desk: { tools: ['files/a as x', 'files/b as x'] } } },
      /two of its tools are called "x"/,
    ],
    [{ servers, virtual: { desk: { tools: ['read'] } } }, /a tool of a server such as files\/read_file/],
    [{ servers, allowed_origins: ['app.example.com'] }, /an origin such as/],
    [{ servers, public_url: 'https://gateway.example.com/mcp' }, /URL without path/],
  ])('says what is wrong: %#', async (mcp, message) => {
    expect(await refused(mcp)).toMatch(message);
  });
});

describe('rights of tokens', () => {
  const KEY = 'sk-of-somebody-0123456789';
  const scoped = (audience: string | string[], scope?: string | string[], claim = 'scope') =>
    new SignJWT(scope === undefined ? {} : { [claim]: scope })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
      .setIssuer(ISSUER)
      .setSubject('ann')
      .setAudience(audience)
      .setExpirationTime('5m')
      .sign(privateKey);
  const API = 'https://gateway.example.com';
  const asked = async (path: string, bearer: string) => {
    const response = await strict.fetch(path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${bearer}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: '2025-06-18',
          capabilities: {},
          clientInfo: { name: 'test', version: '1' },
        },
      }),
    });
    await response.text();
    return { status: response.status, challenge: response.headers.get('www-authenticate') };
  };
  let strict: Embedded;
  beforeAll(async () => {
    strict = await embed({
      config: {
        observability: { log_level: 'error' },
        auth: {
          jwt: {
            issuers: [
              {
                name: 'login',
                issuer: ISSUER,
                audience: [API, RESOURCE],
                keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'EdDSA' }],
              },
            ],
          },
        },
        keys: [{ name: 'somebody', value: KEY }],
        mcp: {
          servers: { fixture: { ...fixture(), token_scopes: ['fixture'] }, free: fixture() },
          public_url: 'https://gateway.example.com/',
          token_audience: RESOURCE,
          token_scopes: ['mcp'],
        },
      },
    });
  });
  afterAll(() => strict.close());

  it('a token for something else of the gateway is none for /mcp', async () => {
    expect(await asked('/mcp', await scoped(API, 'mcp fixture'))).toEqual({
      status: 401,
      challenge: expect.stringContaining('error="invalid_token", scope="mcp", resource_metadata="'),
    });
    expect((await asked('/mcp', await scoped([API, RESOURCE], 'mcp'))).status).toBe(200);
  });

  it('a token without the rights is told which are wanted, and where to ask for them', async () => {
    expect(await asked('/mcp', await scoped(RESOURCE))).toEqual({
      status: 403,
      challenge:
        'Bearer realm="headgate", error="insufficient_scope", scope="mcp", ' +
        'resource_metadata="https://gateway.example.com/.well-known/oauth-protected-resource/mcp"',
    });
    expect(await asked('/mcp/fixture', await scoped(RESOURCE, 'mcp'))).toEqual({
      status: 403,
      challenge: expect.stringContaining('scope="mcp fixture"'),
    });
    expect((await asked('/mcp/fixture', await scoped(RESOURCE, ['mcp', 'fixture'], 'scp'))).status).toBe(200);
    expect((await asked('/mcp/free', await scoped(RESOURCE, 'mcp'))).status).toBe(200);
    const described = await strict.fetch('/.well-known/oauth-protected-resource/mcp/fixture');
    expect(await described.json()).toMatchObject({ scopes_supported: ['mcp', 'fixture'] });
  });

  it('hold for the server wherever it is used, and not for keys', async () => {
    const list = async (bearer: string) => {
      const answer = await strict.fetch('/api/mcp/servers', {
        headers: { authorization: `Bearer ${bearer}` },
      });
      return ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
    };
    expect(await list(await scoped(API, 'mcp'))).toEqual(['free']);
    expect(await list(await scoped(API, 'fixture'))).toEqual(['fixture', 'free']);
    expect(await list(KEY)).toEqual(['fixture', 'free']);
    expect((await asked('/mcp/fixture', KEY)).status).toBe(200);
    const called = await strict.fetch('/api/mcp/call', {
      method: 'POST',
      headers: { authorization: `Bearer ${await scoped(API)}` },
      body: '{"server":"fixture","tool":"x"}',
    });
    expect([called.status, await called.text()]).toEqual([403, expect.stringContaining('mcp_scope_missing')]);
  });
});
