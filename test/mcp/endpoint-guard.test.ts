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
