import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from '../governance/admin-client.js';

type Json = Record<string, unknown>;
interface Page {
  readonly data: Json[];
  readonly next_cursor: string | null;
}

let gateway: Embedded;
const get = async (path: string, token = ADMIN_TOKEN): Promise<{ status: number; body: Json }> => {
  const answer = await gateway.fetch(path, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, body: (await answer.json()) as Json };
};
const list = async (query: string, token = ADMIN_TOKEN): Promise<Json[]> =>
  ((await get(`/api/requests?${query}`, token)).body as unknown as Page).data;
const chat = async (key: string, model: string, headers: Record<string, string> = {}): Promise<string> => {
  const answer = await gateway.fetch(
    '/v1/chat/completions',
    json(
      { model, messages: [{ role: 'user', content: 'Hello' }] },
      {
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
      },
    ),
  );
  await answer.text();
  return String(answer.headers.get('x-headgate-request-id'));
};
const RED = 'hg-key-of-the-red-team-0123456789';
const BLUE = 'hg-key-of-the-blue-team-0123456789';
let failed = '';

beforeAll(async () => {
  gateway = await embed({
    config: {
      admin: { token: ADMIN_TOKEN },
      auth: { required: true },
      organizations: { acme: {} },
      teams: { red: { organization: 'acme' }, blue: { organization: 'acme' } },
      keys: [
        { name: 'red', value: RED, team: 'red' },
        { name: 'blue', value: BLUE, team: 'blue' },
      ],
    },
  });
  await chat(RED, 'mock/hello', { 'x-headgate-session': 'ticket 7', 'x-headgate-metadata': 'tags=night' });
  await chat(RED, 'mock/hello', { 'x-headgate-metadata': 'session_id=ticket%207,customer=acme,tags=night' });
  await chat(BLUE, 'mock/hello', { 'x-headgate-metadata': 'customer=globex' });
  failed = await chat(BLUE, 'nowhere/at-all');
});
afterAll(() => gateway.close());

describe('the list of requests', () => {
  it('is complete at once, the latest first, and is read page by page', async () => {
    const all = await list('');
    expect(all).toHaveLength(4);
    expect(all.map(({ status }) => status)).toEqual([404, 200, 200, 200]);
    const times = all.map(({ time }) => Date.parse(String(time)));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    const ids: unknown[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await get(`/api/requests?limit=3${cursor}`);
      const page = body as unknown as Page;
      ids.push(...page.data.map(({ id }) => id));
      if (page.next_cursor === null) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(ids).toEqual(all.map(({ id }) => id));
  });

  it.each([
    ['key=red', 2],
    ['team=red&team=blue', 4],
    ['team=red', 2],
    ['customer=globex', 1],
    ['tag=night', 2],
    ['session=ticket%207', 2],
    ['status=4xx', 1],
    ['status=200&status=404', 4],
    ['status=201-299', 0],
    ['error=model_not_found', 1],
    ['outcome=ok&provider=mock', 3],
    ['stream=true', 0],
    ['max_ms=0', 0],
    ['min_ms=0&max_ms=600000', 4],
    ['min_output_tokens=1', 3],
    ['max_cost_usd=0', 3],
    ['min_cost_usd=0.5', 0],
    ['from=2020-01-01&to=2020-01-02', 0],
    ['q=GLOB', 1],
    ['q=at-all', 1],
    ['q=nowhere%20to%20be%20found', 0],
  ])('with %s has %i', async (query, count) => {
    expect(await list(query)).toHaveLength(count);
  });

  it.each([
    ['status=abc', 'status'],
    ['status=500-400', 'status'],
    ['stream=perhaps', 'stream'],
    ['min_ms=-1', 'min_ms'],
    ['min_cost_usd=1&max_cost_usd=0.5', 'max_cost_usd'],
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['cursor=nonsense', 'cursor'],
    ['cursor=eHl6', 'cursor'],
    ['colour=red', 'colour'],
    ['from=2026-02-01&to=2026-01-01', 'to'],
    [`q=${'x'.repeat(201)}`, 'q'],
    [`customer=${'x'.repeat(600)}`, 'customer'],
    ['customer=a%00b', 'customer'],
    ["from=1'; DROP TABLE request_blocks;--", 'from'],
  ])('refuses %s', async (query, param) => {
    const { status, body } = await get(`/api/requests?${query}`);
    expect(status).toBe(400);
    expect(body['error']).toMatchObject({ code: 'invalid_parameter', param });
  });
});

describe('an export', () => {
  it.each(['csv', 'jsonl'])('as %s has every request once, page by page', async (format) => {
    const lines: string[] = [];
    for (let cursor = ''; ; ) {
      const answer = await gateway.fetch(`/api/requests?format=${format}&limit=3${cursor}`, {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      });
      const text = (await answer.text()).trim().split(/\r?\n/);
      if (format === 'csv') expect(text.shift()).toMatch(/^id,time,operation,/);
      lines.push(...text);
      const next = answer.headers.get('x-headgate-next-cursor');
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    const ids = (await list('')).map(({ id }) => id);
    const told = lines.map((line) =>
      format === 'csv' ? line.split(',')[0] : (JSON.parse(line) as Json)['id'],
    );
    expect(told).toEqual(ids);
  });
});

describe('one request', () => {
  it('is told with its attempts and times', async () => {
    const [{ id } = {}] = await list('customer=globex');
    const { status, body } = await get(`/api/requests/${String(id)}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id,
      key_name: 'blue',
      team: 'blue',
      org: 'acme',
      finish: 'stop',
      error: null,
      cost_usd: '0',
      route: [{ provider: 'mock', model: 'hello', status: 200, error: null }],
      trace: { trace_id: expect.stringMatching(/^[\da-f]{32}$/), parent_id: null },
      timings: { total_us: expect.any(Number), first_byte_us: expect.any(Number), guard: null },
    });
    const refused = await get(`/api/requests/${failed}`);
    expect(refused.body).toMatchObject({ route: [], error: { code: 'model_not_found' } });
  });

  it.each(['req_none', 'req_01kb3aaaaaaaaaaaaaaaaaaaa', "req_' OR 1=1", 'x'.repeat(3000)])(
    'is not there for %s',
    async (id) => {
      const { status, body } = await get(`/api/requests/${encodeURIComponent(id)}`);
      expect([status, (body['error'] as Json)['code']]).toEqual([404, 'entity_unknown']);
    },
  );
});

describe('sessions', () => {
  it('are told with their totals, and one with its requests', async () => {
    const { body } = await get('/api/requests/sessions');
    expect(body['data']).toEqual([
      expect.objectContaining({
        id: 'ticket 7',
        requests: 2,
        errors: 0,
        customers: ['acme'],
        key_names: ['red'],
      }),
    ]);
    const one = await get('/api/requests/sessions/ticket%207');
    expect(one.body).toMatchObject({ id: 'ticket 7', requests: 2, data: { length: 2 } });
    expect((await get('/api/requests/sessions/none')).status).toBe(404);
  });
});

describe('whoever manages a team', () => {
  it('sees the requests of its keys, and nothing else', async () => {
    const made = await gateway.fetch(
      '/api/service-tokens',
      json(
        { name: 'red', roles: [{ role: 'team_admin', team: 'red' }] },
        {
          headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
        },
      ),
    );
    const { secret } = (await made.json()) as { secret: string };
    const seen = await list('', secret);
    expect(seen.map(({ team }) => team)).toEqual(['red', 'red']);
    expect(await list('team=blue', secret)).toEqual([]);
    expect(await list('q=globex', secret)).toEqual([]);
    expect((await get(`/api/requests/${failed}`, secret)).status).toBe(404);
    expect((await get(`/api/requests/${String(seen[0]?.['id'])}`, secret)).status).toBe(200);
  });

  it('is told that a virtual key opens nothing here', async () => {
    expect((await get('/api/requests', RED)).status).toBe(401);
  });
});
