import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, adminOf, codeOf } from '../definitions/embedded-admin.js';
import { awsAuthorization } from '../e2e/aws-signature.js';
import { type Embedded, embed } from '../gateway/embedded.js';
import { newClient, textOf } from './clients.js';
import { byHeader, type GuardedServer, startGuarded } from './guarded-server.js';
import { callTool, listTools } from './servers.js';

const ADA = 'tok-of-ada-0123456789';
const TEAM = 'tok-of-research-0123456789';
const OWN = 'tok-of-bob-himself-0123456789';
const ACME = 'tok-of-acme-0123456789';
const AWS = {
  accessKeyId: 'AKIAEXAMPLE000000000',
  secretAccessKey: 'the+secret/access+key+of+the+tests+12345',
};
const [ada, bob, lone, acme] = [
  'sk-ada-0123456789',
  'sk-bob-0123456789',
  'sk-lone-0123456789',
  'sk-acme-0123456789',
];

const ORDERS = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    '/orders': {
      get: {
        operationId: 'list',
        parameters: [{ name: 'X-Token', in: 'header', schema: { type: 'string' } }],
        responses: { 200: { description: 'all' } },
      },
    },
  },
};

let servers: Record<'mapped' | 'own' | 'github' | 'fixed' | 'aws' | 'other', GuardedServer>;
let gateway: Embedded;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  const [mapped, own, github, fixed, aws, other] = await Promise.all(
    Array.from({ length: 6 }, () => startGuarded()),
  );
  servers = { mapped, own, github, fixed, aws, other } as typeof servers;
  servers.mapped.guard = byHeader('authorization', {
    [`Bearer ${ADA}`]: 'ada',
    [`Bearer ${TEAM}`]: 'research',
    [`Bearer ${ACME}`]: 'acme',
  });
  servers.own.guard = byHeader('x-token', { [OWN]: 'bob', [`${OWN}-2`]: 'bob the second' });
  servers.github.guard = byHeader('authorization', {
    'Bearer gh-1-0123456789': 'one',
    'Bearer gh-2-0123456789': 'two',
  });
  servers.fixed.guard = byHeader('x-key', { 'fixed-0123456789': 'all' });
  servers.aws.guard = async ({ method, url, headers }, body) => {
    const { pathname } = new URL(url);
    const received = { method, url: pathname, headers: Object.fromEntries(headers), body: Buffer.from(body) };
    const wanted = await awsAuthorization(received, AWS, {
      region: 'eu-central-1',
      service: 'bedrock-agentcore',
    });
    return headers.get('authorization') === wanted ? { who: 'aws' } : new Response(wanted, { status: 403 });
  };
  const { origin } = new URL(servers.other.url);
  servers.other.other = (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/openapi.json') return Response.json(ORDERS);
    if (pathname === '/orders') return Response.json({ token: request.headers.get('x-token') === OWN });
    return pathname === '/' ? new Response('there') : null;
  };
  gateway = await embed({
    env: { ADA_TOKEN: ADA },
    config: {
      admin: { token: ADMIN_TOKEN, encryption_key: randomBytes(32).toString('base64') },
      observability: { log_level: 'error' },
      users: { ada: {}, bob: {} },
      teams: { research: {} },
      keys: [
        { name: 'ada', value: ada, user: 'ada', team: 'research' },
        { name: 'bob', value: bob, user: 'bob', team: 'research' },
        { name: 'lone', value: lone },
        { name: 'acme', value: acme, metadata: { customer: 'acme' } },
      ],
      mcp: {
        servers: {
          mapped: {
            url: servers.mapped.url,
            auth: {
              type: 'user_header',
              self_service: false,
              // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file
              values: { 'user:ada': '${ADA_TOKEN}', 'team:research': TEAM, 'customer:acme': ACME },
            },
            tools: { whoami: { cache: '5m' } },
          },
          own: { url: servers.own.url, auth: { type: 'user_header', name: 'X-Token', connections: 1 } },
          github: {
            url: servers.github.url,
            auth: {
              type: 'forward',
              forward: [{ from: 'X-GitHub-Token', to: 'Authorization', prefix: 'Bearer ' }],
            },
          },
          brief: {
            url: servers.github.url,
            auth: {
              type: 'forward',
              forward: [{ from: 'x-github-token', to: 'authorization', prefix: 'Bearer ' }],
              idle: '300ms',
            },
          },
          orders: {
            openapi: `${origin}/openapi.json`,
            base_url: origin,
            auth: { type: 'user_header', name: 'x-token', self_service: false, values: { 'user:bob': OWN } },
          },
          fixed: {
            url: servers.fixed.url,
            auth: { type: 'header', name: 'x-key', value: 'fixed-0123456789' },
          },
          aws: {
            url: servers.aws.url,
            auth: {
              type: 'sigv4',
              service: 'bedrock-agentcore',
              region: 'eu-central-1',
              key: `${AWS.accessKeyId}:${AWS.secretAccessKey}`,
            },
          },
        },
      },
    },
  });
  admin = adminOf(gateway);
});
afterAll(async () => {
  await gateway.close();
  await Promise.all(Object.values(servers).map((one) => one.close()));
});

const whoami = async (server: string, key: string, headers: Record<string, string> = {}) => {
  const fetch: typeof globalThis.fetch = (url, init) =>
    gateway.fetch(url, { ...init, headers: { ...(init?.headers as object), ...headers } });
  const called = await callTool({ fetch }, server, 'whoami', {}, { key });
  return called.code === '' ? called.text : called.code;
};
const as = (key: string) => adminOf(gateway, key);

describe('a header for each user', () => {
  it('is the nearest that the configuration has', async () => {
    expect(await whoami('mapped', ada)).toBe('ada');
    expect(await whoami('mapped', bob)).toBe('research');
    expect(await whoami('mapped', acme)).toBe('acme');
    expect(await whoami('mapped', lone)).toBe('mcp_credential_missing');
    // And again, when each may have a connection, lists and a result of before.
    expect(await whoami('mapped', bob)).toBe('research');
    expect(await whoami('mapped', ada)).toBe('ada');
  });

  it('has lists and results of its own', async () => {
    const names = async (key: string) =>
      (await listTools(gateway, { key, query: '?server=mapped' })).data.map(({ name }) => name);
    expect(await names(ada)).toEqual(['only_ada', 'repeat', 'whoami']);
    expect(await names(bob)).toEqual(['only_research', 'repeat', 'whoami']);
    const { data, missing } = await listTools(gateway, { key: lone, query: '?server=mapped' });
    expect([data, missing]).toEqual([[], [expect.objectContaining({ code: 'mcp_credential_missing' })]]);
    const stolen = await callTool(gateway, 'mapped', 'only_ada', {}, { key: bob });
    expect(stolen.code).toBe('mcp_tool_unknown');
  });

  it('is set by its user, sealed, changed at once, and taken away', async () => {
    expect(await whoami('own', bob)).toBe('mcp_credential_missing');
    const before = await as(bob)('GET', '/api/me/mcp');
    expect(before.body['data']).toContainEqual(
      expect.objectContaining({ server: 'own', owner: 'user:bob', credential: 'missing' }),
    );
    const set = await as(bob)('PUT', '/api/me/mcp/own/credential', { value: OWN });
    expect([set.status, set.body]).toEqual([
      200,
      expect.objectContaining({ credential: 'set', owner: 'user:bob' }),
    ]);
    expect(set.text).not.toContain(OWN);
    expect(await whoami('own', bob)).toBe('bob');
    // Nobody else's.
    expect(await whoami('own', ada)).toBe('mcp_credential_missing');
    expect(await whoami('own', bob)).toBe('bob');
    await as(bob)('PUT', '/api/me/mcp/own/credential', { value: `${OWN}-2` });
    expect(await whoami('own', bob)).toBe('bob the second');
    const removed = await as(bob)('DELETE', '/api/me/mcp/own/credential');
    expect(removed.body).toEqual({ server: 'own', owner: 'user:bob', deleted: true });
    expect(await whoami('own', bob)).toBe('mcp_credential_missing');
    const again = await as(bob)('DELETE', '/api/me/mcp/own/credential');
    expect(again.body).toMatchObject({ deleted: false });
  });

  it('of a key that belongs to nobody is its own', async () => {
    await as(lone)('PUT', '/api/me/mcp/own/credential', { value: OWN });
    expect(await whoami('own', lone)).toBe('bob');
    const { body } = await admin('GET', '/api/mcp-credentials?server=own');
    expect(body['data']).toEqual([
      { server: 'own', owner: 'key:lone', kind: 'header', updated_at: expect.any(String) },
    ]);
    expect((await admin('DELETE', '/api/mcp-credentials/own/key:lone')).body).toMatchObject({
      deleted: true,
    });
    expect(await whoami('own', lone)).toBe('mcp_credential_missing');
    const audit = await admin('GET', '/api/audit?kind=mcp_credential');
    expect((audit.body['data'] as { action: string; id: string }[]).slice(0, 2)).toMatchObject([
      { action: 'remove', id: 'own key:lone' },
      { action: 'set', id: 'own key:lone' },
    ]);
    expect(audit.text).not.toContain('tok-of');
  });

  it.each([
    ['nothing', { value: '' }],
    ['line breaks', { value: 'a\r\nx-evil: 1' }],
    ['more than 8000 characters', { value: 'x'.repeat(8001) }],
    ['no value', {}],
    ['somebody else', { value: 'x', owner: 'user:ada' }],
    ['what is no JSON', 'no json'],
  ])('takes not: %s', async (_, body) => {
    const told = await as(bob)('PUT', '/api/me/mcp/own/credential', body);
    expect([told.status, codeOf(told)]).toEqual([400, 'entity_invalid']);
  });

  it.each([
    ['mapped', 'sk-bob-0123456789', 'entity_invalid'],
    ['fixed', 'sk-bob-0123456789', 'entity_invalid'],
    ['nothing', 'sk-bob-0123456789', 'mcp_server_unknown'],
    ['own', 'sk-nobody-0123456789', 'key_unknown'],
  ])('is not set at %s with %s', async (server, key, code) => {
    expect(codeOf(await as(key)('PUT', `/api/me/mcp/${server}/credential`, { value: 'x' }))).toBe(code);
  });
});

describe('a header that is passed on', () => {
  it('is that of each request, and wanted', async () => {
    expect(await whoami('github', ada, { 'x-github-token': 'gh-1-0123456789' })).toBe('one');
    expect(await whoami('github', ada, { 'x-github-token': 'gh-2-0123456789' })).toBe('two');
    expect(await whoami('github', ada, { 'x-github-token': 'gh-1-0123456789' })).toBe('one');
    expect(await whoami('github', ada)).toBe('mcp_credential_missing');
    expect(await whoami('github', ada, { 'x-github-token': 'gh-wrong-0123456789' })).toBe(
      'mcp_server_unavailable',
    );
    // The gateway's own key stays here.
    for (const { headers } of servers.github.seen) expect([...headers].flat().join(' ')).not.toContain('sk-');
  });

  it('goes with a session at /mcp, too', async () => {
    const via = (token: string) => ({
      key: ada,
      path: '/mcp/github',
      fetch: ((url, init) => {
        const headers = new Headers(init?.headers);
        headers.set('x-github-token', token);
        return gateway.fetch(url, { ...init, headers });
      }) as typeof fetch,
    });
    for (const mode of ['legacy', 'auto'] as const) {
      const [one, two] = await Promise.all([
        newClient(via('gh-1-0123456789'), mode),
        newClient(via('gh-2-0123456789'), mode),
      ]);
      expect(textOf(await one.callTool({ name: 'whoami' }))).toBe('one');
      expect(textOf(await two.callTool({ name: 'whoami' }))).toBe('two');
      expect((await two.readResource({ uri: 'guarded://self' })).contents[0]).toMatchObject({ text: 'two' });
      expect((await one.readResource({ uri: 'guarded://self' })).contents[0]).toMatchObject({ text: 'one' });
      await Promise.all([one.close(), two.close()]);
    }
  });
});

it('a connection of a user that nobody uses is closed', async () => {
  expect(await whoami('brief', ada, { 'x-github-token': 'gh-1-0123456789' })).toBe('one');
  const users = async () => {
    const { body } = await admin('GET', '/api/mcp/servers');
    return (body['data'] as { id: string; users: number }[]).find(({ id }) => id === 'brief')?.users;
  };
  await expect.poll(users, { timeout: 20_000 }).toBe(0);
  expect(await whoami('brief', ada, { 'x-github-token': 'gh-2-0123456789' })).toBe('two');
});

it('a session with a connection of its own has it with the credential of each request', async () => {
  let token = 'gh-1-0123456789';
  const client = await newClient(
    {
      key: ada,
      path: '/mcp/github',
      fetch: (url, init) => {
        const headers = new Headers(init?.headers);
        headers.set('x-github-token', token);
        return gateway.fetch(url, { ...init, headers });
      },
    },
    'legacy',
    { capabilities: { roots: {} } },
  );
  expect(textOf(await client.callTool({ name: 'whoami' }))).toBe('one');
  token = 'gh-2-0123456789';
  expect(textOf(await client.callTool({ name: 'whoami' }))).toBe('two');
  token = 'gh-wrong-0123456789';
  await expect(client.callTool({ name: 'whoami' })).rejects.toThrow('not available');
  await client.close();
});

it('tools in a request to a model are those of its user', async () => {
  const chat = (headers: Record<string, string>) =>
    gateway.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ada}`,
        'content-type': 'application/json',
        'x-headgate-mcp': 'github',
        ...headers,
      },
      body: JSON.stringify({
        model: 'mock/hello',
        max_tokens: 10,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    });
  const without = await chat({});
  expect([without.status, await without.text()]).toEqual([
    403,
    expect.stringContaining('mcp_credential_missing'),
  ]);
  const given = await chat({ 'x-github-token': 'gh-1-0123456789' });
  expect(given.status).toBe(200);
  await given.text();
});

it('an API is asked with the credential of its user, which is no argument', async () => {
  const { data } = await listTools(gateway, { key: bob, query: '?server=orders' });
  expect(data[0]).toMatchObject({ name: 'list', input_schema: { properties: {} } });
  const called = await callTool(gateway, 'orders', 'list', {}, { key: bob });
  expect(called.body.result).toMatchObject({ structuredContent: { token: true } });
  expect((await callTool(gateway, 'orders', 'list', {}, { key: ada })).code).toBe('mcp_credential_missing');
});

it('one header for all is that', async () => {
  expect(await whoami('fixed', lone)).toBe('all');
});

it('requests are signed for AWS', async () => {
  expect(await whoami('aws', lone)).toBe('aws');
});

it('what a server repeats of a credential is told to nobody', async () => {
  const told = await callTool(gateway, 'mapped', 'repeat', { header: 'authorization' }, { key: ada });
  expect(told.text).toBe('you sent: ***');
  const aws = await callTool(gateway, 'aws', 'repeat', { header: 'x-amz-date' }, { key: ada });
  expect(aws.text).toMatch(/^you sent: \d{8}T/);
});

it('a server that has moved does not get what was given for another place', async () => {
  const auth = { type: 'user_header', name: 'x-token' };
  const made = await admin('POST', '/api/mcp-servers', { id: 'roaming', url: servers.own.url, auth });
  expect([made.status, made.text]).toEqual([201, made.text]);
  await as(ada)('PUT', '/api/me/mcp/roaming/credential', { value: OWN });
  expect(await whoami('roaming', ada)).toBe('bob');
  servers.other.guard = byHeader('x-token', { [OWN]: 'a thief' });
  const moved = await admin('PATCH', '/api/mcp-servers/roaming', { url: servers.other.url });
  expect([moved.status, moved.text]).toEqual([200, moved.text]);
  expect(await whoami('roaming', ada)).toBe('mcp_credential_missing');
  expect(servers.other.seen).toEqual([]);
  await admin('DELETE', '/api/mcp-servers/roaming');
});

it('values of a server of the store are secrets of it, and credentials of the machine are not its to use', async () => {
  const auth = { type: 'user_header', values: { 'user:ada': ADA } };
  const made = await admin('POST', '/api/mcp-servers', { id: 'stored', url: servers.mapped.url, auth });
  expect(made.status).toBe(201);
  expect(made.text).not.toContain(ADA);
  expect(await whoami('stored', ada)).toBe('ada');
  await admin('DELETE', '/api/mcp-servers/stored');
  for (const key of [undefined, 'profile:default', 'arn:aws:iam::123456789012:role/x']) {
    const aws = { type: 'sigv4', service: 's3', region: 'eu-central-1', ...(key !== undefined && { key }) };
    const refused = await admin('POST', '/api/mcp-servers', { id: 'aws2', url: servers.aws.url, auth: aws });
    expect([refused.status, refused.text]).toEqual([
      400,
      expect.stringContaining('credentials of this machine'),
    ]);
  }
});

it('servers say what they want of whoever asks, and how many use them', async () => {
  const { body } = await as(lone)('GET', '/api/mcp/servers');
  expect(body['data']).toContainEqual(expect.objectContaining({ id: 'mapped', needs: 'credential' }));
  expect(body['data']).toContainEqual(expect.objectContaining({ id: 'fixed', needs: null }));
  const all = await admin('GET', '/api/mcp/servers');
  const users = Object.fromEntries(
    (all.body['data'] as { id: string; users: number }[]).map(({ id, users: count }) => [id, count]),
  );
  expect(users).toMatchObject({ fixed: null, aws: null, own: 1 });
  expect(users['mapped']).toBeGreaterThanOrEqual(3);
  for (const secret of [ADA, TEAM, OWN, ACME, AWS.secretAccessKey, 'gh-1-', 'fixed-0']) {
    expect(all.text).not.toContain(secret);
  }
});
