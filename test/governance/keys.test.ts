import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { noPostgres, type RealPostgres, startPostgres } from '../store/real-postgres.js';
import { ADMIN_TOKEN, AdminClient, ask } from './admin-client.js';

const SECRET = 'a-server-secret-for-tests-0123456789';
const FILE_KEY = 'hg-of-the-file-0123456789abcdef';
/** Within which a change made on one node must be in force on another. */
const WITHIN_MS = 1_000;

const config = (url?: string) => ({
  server: { threads: 2 },
  admin: { token: ADMIN_TOKEN },
  keys: [
    { name: 'of the file', id: 'ci', value: FILE_KEY, models: ['mock/*'], budget: { usd: 5, per: 'day' } },
  ],
  teams: { filed: { name: 'Filed' } },
  ...(url !== undefined && { store: { url } }),
});

interface Kind {
  readonly name: string;
  readonly nodes: number;
  start(): Promise<Headgate[]>;
  stop(): Promise<void>;
}

let server: RealPostgres | null = null;
const start = (url?: string) => startHeadgate({ config: config(url), env: { HEADGATE_SECRET: SECRET } });

const kinds: Kind[] = [
  { name: 'one node on SQLite', nodes: 1, start: async () => [await start()], stop: async () => {} },
];
if (noPostgres === null)
  kinds.push({
    name: 'two nodes on one Postgres',
    nodes: 2,
    async start() {
      server = await startPostgres();
      const url = await server.database();
      // At once: only one of them may change the tables.
      return Promise.all([start(url), start(url)]);
    },
    stop: async () => server?.stop(),
  });

describe.each(kinds)('virtual keys of $name', (kind) => {
  let nodes: Headgate[] = [];
  let api: AdminClient;
  /** The node that changes are not made on, where there is one. */
  let other: Headgate;
  const logs = (): string => nodes.map((node) => node.logs()).join('');

  beforeAll(async () => {
    nodes = await kind.start();
    api = new AdminClient(nodes[0]!.url);
    other = nodes.at(-1)!;
  }, 60_000);
  afterAll(async () => {
    for (const node of nodes) await stopCleanly(node);
    await kind.stop();
  });

  /** Several connections, so that all I/O threads are asked. */
  const statuses = async (node: Headgate, key: string): Promise<number[]> => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(node.url, key)));
    return [...new Set(answers.map(({ status }) => status))];
  };
  const becomes = async (node: Headgate, key: string, status: number): Promise<void> => {
    const until = Date.now() + WITHIN_MS;
    while (Date.now() < until) {
      if ((await statuses(node, key)).every((one) => one === status)) return;
      await sleep(20);
    }
    expect(await statuses(node, key)).toEqual([status]);
  };

  it('are made, shown once, and in force at once in every thread', async () => {
    const made = await api.post('/api/keys', { name: 'bot', models: ['mock/*'] });
    expect(made.status).toBe(201);
    const { secret, ...key } = made.body;
    expect(secret).toMatch(/^hg-[\w-]{43}$/);
    expect(key).toMatchObject({
      name: 'bot',
      source: 'store',
      read_only: false,
      status: 'active',
      version: 1,
    });
    expect(await statuses(nodes[0]!, secret)).toEqual([200]);
    await becomes(other, secret, 200);
    const again = await api.get(`/api/keys/${key['id']}`);
    expect(again.body).toEqual(key);
    const list = await new AdminClient(other.url).get('/api/keys');
    expect(list.body['data']).toContainEqual(key);
    expect(JSON.stringify(list.body) + logs()).not.toContain(secret);
  });

  it('are refused what they may not use, as those of the file are', async () => {
    const { body } = await api.post('/api/keys', { models: ['openai/*'] });
    expect((await ask(nodes[0]!.url, body.secret)).body).toMatchObject({
      error: { code: 'model_not_allowed' },
    });
  });

  it('have two secrets while they are rotated, then one', async () => {
    const { body: made } = await api.post('/api/keys', { name: 'turned' });
    const graced = await api.post(`/api/keys/${made['id']}/rotate`, { grace: '1500ms' });
    expect(graced.status).toBe(200);
    expect(graced.body.secret).not.toBe(made.secret);
    expect(graced.body['old_secret_until']).toMatch(/Z$/);
    expect(await statuses(nodes[0]!, made.secret)).toEqual([200]);
    await becomes(other, graced.body.secret, 200);
    await sleep(1_600);
    expect(await statuses(nodes[0]!, made.secret)).toEqual([401]);
    expect(await statuses(other, made.secret)).toEqual([401]);
    const { body: last } = await api.post(`/api/keys/${made['id']}/rotate`, {});
    expect(await statuses(nodes[0]!, graced.body.secret)).toEqual([401]);
    await becomes(other, graced.body.secret, 401);
    await becomes(other, last.secret, 200);
  });

  it('are revoked on every node within a second, and get no new secret', async () => {
    const { body } = await api.post('/api/keys', { name: 'lost' });
    await becomes(other, body.secret, 200);
    const revoked = await api.post(`/api/keys/${body['id']}/revoke`, {});
    expect(revoked.body).toMatchObject({ status: 'revoked' });
    expect(await statuses(nodes[0]!, body.secret)).toEqual([401]);
    await becomes(other, body.secret, 401);
    expect((await api.post(`/api/keys/${body['id']}/rotate`, {})).status).toBe(400);
    expect((await api.delete(`/api/keys/${body['id']}`)).status).toBe(200);
    expect((await api.get(`/api/keys/${body['id']}`)).status).toBe(404);
  });

  it('that are revoked on one node end the streams that run for them on another within a second', async () => {
    const { body } = await api.post('/api/keys', { name: 'leaked' });
    await becomes(other, body.secret, 200);
    const stream = await fetch(`${other.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${body.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'mock/pace-50+long-2000',
        stream: true,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    });
    const text = stream.text();
    await sleep(200);
    const from = Date.now();
    await api.post(`/api/keys/${body['id']}/revoke`, {});
    expect((await text).trim().split('\n\n').at(-1)).toContain('"key_revoked"');
    expect(Date.now() - from).toBeLessThan(WITHIN_MS);
  });

  it('end when they expire, and when they are disabled', async () => {
    const expires = new Date(Date.now() + 800).toISOString();
    const { body } = await api.post('/api/keys', { name: 'short', expires });
    expect(await statuses(nodes[0]!, body.secret)).toEqual([200]);
    await sleep(900);
    expect((await ask(nodes[0]!.url, body.secret)).body).toMatchObject({ error: { code: 'key_expired' } });
    expect((await api.get(`/api/keys/${body['id']}`)).body).toMatchObject({ status: 'expired' });
    const later = { expires: null, disabled: true, version: 1 };
    expect((await api.patch(`/api/keys/${body['id']}`, later)).body).toMatchObject({ status: 'disabled' });
    expect(await statuses(nodes[0]!, body.secret)).toEqual([403]);
  });

  it('are changed only by whoever has seen the last version', async () => {
    const { body } = await api.post('/api/keys', { name: 'shared' });
    const path = `/api/keys/${body['id']}`;
    expect((await api.patch(path, { name: 'one', version: 1 })).body).toMatchObject({
      name: 'one',
      version: 2,
    });
    const late = await api.patch(path, { name: 'two', version: 1 });
    expect([late.status, late.body['error']]).toMatchObject([409, { code: 'version_conflict' }]);
  });

  it('belong to teams, whose rules hold for them', async () => {
    await api.post('/api/teams', { id: 'support', denied_models: ['mock/secret*'] });
    const { body } = await api.post('/api/keys', { team: 'support' });
    await becomes(other, body.secret, 200);
    expect((await ask(other.url, body.secret, 'mock/secret-1')).status).toBe(403);
    expect((await api.delete('/api/teams/support')).body['error']).toMatchObject({ code: 'entity_in_use' });
    const { body: under } = await api.get('/api/keys?team=support');
    expect(under['data']).toMatchObject([{ id: body['id'] }]);
    const lost = await api.post('/api/keys', { team: 'nowhere' });
    expect([lost.status, lost.body['error']]).toMatchObject([400, { code: 'entity_invalid' }]);
  });

  it('have limits and budgets that count on their node from the first request on', async () => {
    const { body } = await api.post('/api/keys', {
      name: 'few',
      limits: { rpm: 2 },
      budget: { usd: 1, per: 'day' },
    });
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) seen.push((await ask(nodes[0]!.url, body.secret)).status);
    // A minute may end between two requests.
    expect(seen.filter((status) => status === 429).length).toBeGreaterThanOrEqual(1);
    const own = await new AdminClient(nodes[0]!.url, body.secret).get('/api/me');
    expect(own.body).toMatchObject({
      name: 'few',
      budgets: [{ usd: 1, per: 'day', hard: true, of: { kind: 'key' } }],
      limits: [{ requests: 2, per: 'minute', of: { kind: 'key' } }],
    });
  });

  it('tell their holders their quota, and nobody else', async () => {
    const me = await new AdminClient(other.url, FILE_KEY).get('/api/me');
    expect(me.status).toBe(200);
    expect(me.body).toMatchObject({
      id: 'ci',
      budgets: [
        { usd: 5, remaining_usd: expect.any(String), resets_at: expect.stringMatching(/T00:00:00.000Z$/) },
      ],
    });
    expect((await new AdminClient(other.url, 'hg-nobodys-0123456789').get('/api/me')).status).toBe(401);
    expect((await new AdminClient(other.url, '').get('/api/me')).status).toBe(401);
  });

  it('leave a line for each change: who, what, before, after, from where, and no secret', async () => {
    const { body } = await api.post('/api/keys', { name: 'audited' });
    const path = `/api/keys/${body['id']}`;
    await api.patch(path, { name: 'audited twice' });
    await api.post(`${path}/revoke`, {});
    const { status, body: page } = await api.get(`/api/audit?kind=key&id=${body['id']}`);
    expect(status).toBe(200);
    expect(page['data']).toMatchObject([
      { action: 'revoke', actor: 'admin', source: '127.0.0.1' },
      { action: 'update', before: { name: 'audited' }, after: { name: 'audited twice' } },
      { action: 'create', before: null, after: { name: 'audited' }, at: expect.stringMatching(/^20\d\d-/) },
    ]);
    expect(JSON.stringify(page)).not.toContain(body.secret);
    expect(JSON.stringify(page)).not.toContain('hmac');

    const first = await new AdminClient(other.url).get('/api/audit?limit=2');
    expect(first.body['data']).toHaveLength(2);
    const next = await api.get(`/api/audit?limit=2&cursor=${first.body['next_cursor']}`);
    const numbers = [
      ...(first.body['data'] as { revision: number }[]),
      ...(next.body['data'] as { revision: number }[]),
    ];
    expect(numbers.map(({ revision }) => revision)).toEqual(numbers.map((_, i) => numbers[0]!.revision - i));
    expect((await api.get('/api/audit?from=2099-01-01')).body['data']).toEqual([]);
    for (const wrong of ['cursor=x', 'limit=0', 'who=me', 'from=yesterday'])
      expect((await api.get(`/api/audit?${wrong}`)).status).toBe(400);
    expect((await new AdminClient(other.url, FILE_KEY).get('/api/audit')).status).toBe(401);
  });

  it('of the file are read-only, and say why', async () => {
    const { body } = await api.get('/api/keys/ci');
    expect(body).toMatchObject({ source: 'file', read_only: true, models: ['mock/*'] });
    expect(body['read_only_reason']).toContain('configuration file');
    expect(JSON.stringify(body)).not.toContain(FILE_KEY);
    for (const answer of [
      await api.patch('/api/keys/ci', { name: 'x' }),
      await api.delete('/api/keys/ci'),
      await api.post('/api/keys/ci/rotate', {}),
      await api.post('/api/keys', { id: 'ci' }),
      await api.patch('/api/teams/filed', { disabled: true }),
    ])
      expect([answer.status, answer.body['error']]).toMatchObject([409, { code: 'entity_read_only' }]);
  });

  it('are listed in pages without one twice', async () => {
    const ids: unknown[] = [];
    let query = '?limit=2';
    for (;;) {
      const { body } = await api.get(`/api/keys${query}`);
      ids.push(...(body['data'] as { id: string }[]).map(({ id }) => id));
      if (body['next_cursor'] === null) break;
      query = `?limit=2&cursor=${String(body['next_cursor'])}`;
    }
    const { body: all } = await api.get('/api/keys?limit=1000');
    expect(ids).toEqual((all['data'] as { id: string }[]).map(({ id }) => id));
    expect(ids).toContain('ci');
  });

  it('that LiteLLM keeps as plain SHA-256 are taken over by their hash', async () => {
    const hash = createHash('sha256').update('sk-from-litellm-0123456789').digest('hex');
    const { status } = await api.post('/api/keys/import', { name: 'imported', hash });
    expect(status).toBe(201);
    await becomes(other, 'sk-from-litellm-0123456789', 200);
  });

  it('cannot be made by others, or of what makes no sense', async () => {
    const keys = (await api.get('/api/keys?limit=1000')).body['data'] as unknown[];
    expect((await new AdminClient(nodes[0]!.url, FILE_KEY).post('/api/keys', {})).status).toBe(401);
    const bad: [unknown, RegExp][] = [
      [{ budget: { usd: -1, per: 'day' } }, /budget\.usd/],
      [{ budget: { usd: 1, per: 'fortnight' } }, /budget\.per/],
      [{ limits: { windows: [{ requests: 1, per: 'day', time_zone: 'Mars/Olympus' }] } }, /time_zone/],
      [{ id: "x'; DROP TABLE control_entities; --" }, /an id/],
      [{ name: 'a\r\nset-cookie: b' }, /a name/],
      [{ secret: 'hg-mine' }, /secret/],
      [[], /object/],
      ['{', /JSON/],
    ];
    for (const [given, said] of bad) {
      const { status, body } = await api.post('/api/keys', given);
      expect([status, JSON.stringify(body)]).toEqual([400, expect.stringMatching(said)]);
    }
    expect((await api.request('PUT', '/api/keys', {})).status).toBe(405);
    expect((await api.get('/api/keys?colour=red')).body['error']).toMatchObject({
      code: 'invalid_parameter',
    });
    expect((await api.get('/api/keys?limit=1000')).body['data']).toEqual(keys);
  });
});
