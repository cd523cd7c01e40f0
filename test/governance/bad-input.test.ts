import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed, until } from '../gateway/embedded.js';
import { noPostgres, type RealPostgres, startPostgres } from '../store/real-postgres.js';

const TOKEN = 'the-token-of-the-administrator';
const FILE_KEY = 'hg-of-the-file-0123456789abcdef';
const INJECTED = [
  "x' OR '1'='1",
  "'; DROP TABLE control_entities; --",
  '%',
  '_\\',
  '../../etc/passwd',
  'a\r\nset-cookie: b=c',
  'a\0b',
  '{{7*7}}',
];

interface Answered {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

let server: RealPostgres | null = null;
afterAll(() => server?.stop());

const databases: [name: string, url: () => Promise<string | undefined>][] = [
  ['SQLite', async () => undefined],
];
if (noPostgres === null)
  databases.push([
    'Postgres',
    async () => {
      server = await startPostgres();
      return server.database();
    },
  ]);

describe.each(databases)('on %s', (_, url) => {
  let gateway: Embedded;
  beforeAll(async () => {
    const store = await url();
    gateway = await embed({
      config: {
        admin: { token: TOKEN },
        observability: { log_level: 'silent' },
        keys: [{ name: 'filed', value: FILE_KEY }],
        ...(store !== undefined && { store: { url: store } }),
      },
    });
  }, 60_000);
  afterAll(() => gateway.close());

  const send = async (method: string, path: string, body?: unknown, headers = {}): Promise<Answered> => {
    const response = await gateway.fetch(path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const told = (await response.json()) as { error?: { code: string; message: string } } & Record<
      string,
      unknown
    >;
    const { code = '', message = '' } = told.error ?? {};
    return { status: response.status, code, message, body: told, headers: response.headers };
  };

  it.each<[string, object, string]>([
    ['a negative budget', { budget: { usd: -1 } }, 'budget.usd: expected an amount'],
    ['an absurd budget', { budget: { usd: 1e12 } }, 'at most 9000000'],
    ['a budget of less than can be counted', { budget: { usd: 1e-10 } }, 'budget.usd'],
    ['a budget as a text', { budget: { usd: '5' } }, 'budget.usd'],
    [
      'two budgets of a window',
      {
        budgets: [
          { usd: 1, per: 'day' },
          { usd: 2, per: 'day' },
        ],
      },
      'one budget for a window',
    ],
    [
      'a short budget of the same window',
      { budget: { usd: 1, per: 'day' }, budgets: [{ usd: 2, per: 'day' }] },
      'one budget for a window',
    ],
    [
      'two limits of a window',
      {
        limits: {
          windows: [
            { requests: 1, per: 'day' },
            { requests: 2, per: 'day' },
          ],
        },
      },
      'one limit of a kind',
    ],
    [
      'rpm beside requests a minute',
      { limits: { rpm: 60, windows: [{ requests: 10, per: 'minute' }] } },
      'rpm or tpm is the same',
    ],
    [
      'tpm beside tokens a minute',
      { limits: { tpm: 60, windows: [{ total_tokens: 10, per: 'minute' }] } },
      'rpm or tpm is the same',
    ],
    ['a negative limit', { limits: { rpm: -1 } }, 'limits.rpm: expected a whole number'],
    ['an absurd limit', { limits: { rpm: 1e99 } }, 'limits.rpm'],
    ['no parallel requests', { limits: { parallel_requests: 0 } }, 'limits.parallel_requests'],
    ['a limit of nothing', { limits: { windows: [{ per: 'day' }] } }, 'at least one of requests'],
    [
      'an unknown zone',
      { budgets: [{ usd: 1, per: 'day', time_zone: 'Mars/Olympus' }] },
      'a time zone such as',
    ],
    [
      'a zone of a rolling window',
      { budgets: [{ usd: 1, per: 'day', window: 'rolling', time_zone: 'UTC' }] },
      'no time zone',
    ],
    ['an unknown period', { budgets: [{ usd: 1, per: 'decade' }] }, 'budgets[0].per'],
    [
      'a share above one',
      { budgets: [{ usd: 1, per: 'day', downgrade: { at: 2, to: 'mock/hello' } }] },
      'downgrade.at',
    ],
    ['a date that is none', { expires: '2026-02-30T25:00:00Z' }, 'expires: expected a date'],
    ['a network that is none', { ip_ranges: ['999.1.1.1/8'] }, 'ip_ranges[0]'],
    ['a field that nobody knows', { budgt: { usd: 1 } }, 'unknown "budgt", did you mean "budget"?'],
    [
      'one inside a rule',
      { budgets: [{ usd: 1, pre: 'day' }] },
      'unknown "budgets[0].pre", did you mean "per"?',
    ],
    ['a name with a line break', { name: 'x\r\nset-cookie: a=b' }, 'name: expected'],
    ['a tag with a control character', { metadata: { tags: ['a\0b'] } }, 'metadata.tags[0]'],
    ['two parents', { organization: 'a', team: 'b' }, 'one of project, team and organization'],
    ['nobody it could belong to', { team: 'nowhere' }, 'there is no team "nowhere"'],
  ])('a key with %s is refused, and told why', async (_what, fields, why) => {
    const answer = await send('POST', '/api/keys', fields);
    expect([answer.status, answer.code]).toEqual([400, 'entity_invalid']);
    expect(answer.message).toContain(why);
    // Each thing once.
    expect(answer.message.split(why)).toHaveLength(2);
  });

  it.each(['', '[]', '1', 'null', '{"name":', '"x"', '{"name":"\\ud800'])(
    'a body of %j is refused',
    async (body) => {
      if (body === '') return;
      expect((await send('POST', '/api/keys', body)).status).toBe(400);
    },
  );

  it.each(INJECTED)(
    '%j is an id, a name or a text as far as it may be one, and nothing else anywhere',
    async (text) => {
      const path = encodeURIComponent(text);
      for (const kind of [
        'keys',
        'teams',
        'organizations',
        'projects',
        'users',
        'customers',
        'request-tags',
      ]) {
        for (const [method, at, body] of [
          ['GET', `/api/${kind}/${path}`, undefined],
          ['PATCH', `/api/${kind}/${path}`, { name: 'x' }],
          ['DELETE', `/api/${kind}/${path}`, undefined],
        ] as const) {
          const answer = await send(method, at, body);
          expect([kind, method, answer.status]).toEqual([kind, method, 404]);
          expect(answer.headers.get('set-cookie')).toBeNull();
        }
        const made = await send('POST', `/api/${kind}`, { id: text });
        expect([kind, made.status === 201 || made.status === 400]).toEqual([kind, true]);
        if (made.status === 201) expect((await send('DELETE', `/api/${kind}/${path}`)).status).toBe(200);
        for (const name of ['search', 'cursor', 'team', 'organization', 'source', 'limit', 'nonsense']) {
          const { status } = await send('GET', `/api/${kind}?${name}=${path}`);
          expect([kind, name, status === 200 || status === 400]).toEqual([kind, name, true]);
        }
      }
      for (const name of ['actor', 'action', 'kind', 'id', 'from', 'to', 'time_zone', 'cursor', 'limit']) {
        const { status } = await send('GET', `/api/audit?${name}=${path}`);
        expect(['audit', name, status === 200 || status === 400]).toEqual(['audit', name, true]);
      }
      for (const name of [
        'group_by',
        'key',
        'team',
        'customer',
        'tag',
        'model',
        'from',
        'time_zone',
        'cursor',
        'format',
      ]) {
        const { status } = await send('GET', `/api/usage?${name}=${path}`);
        expect(['usage', name, status === 200 || status === 400]).toEqual(['usage', name, true]);
      }
      // What is there is whole.
      expect((await send('GET', '/api/keys')).status).toBe(200);
    },
  );

  it('a request that names its customer or model with control characters loses no record of others', async () => {
    const chat = (model: string, metadata: string) =>
      send(
        'POST',
        '/v1/chat/completions',
        { model, messages: [{ role: 'user', content: 'Hello' }] },
        {
          authorization: `Bearer ${FILE_KEY}`,
          ...(metadata !== '' && { 'x-headgate-metadata': metadata }),
        },
      );
    for (const metadata of [
      '{"customer":"a\\u0000b"}',
      '{"tags":["a\\u0000b"]}',
      '{"session":"\\u001b[31m"}',
      'customer=a%00b',
    ]) {
      const { status, code } = await chat('mock/hello', metadata);
      expect([metadata, status, code]).toEqual([metadata, 400, 'invalid_metadata']);
    }
    expect((await chat('mock/a\0b', '')).status).toBe(200);
    expect((await chat('nowhere/a\0b', '')).status).toBe(404);
    expect((await chat('mock/hello', 'customer=last')).status).toBe(200);
    await until('the last request is in the ledger', async () => {
      const { body } = await send('GET', '/api/usage?customer=last');
      return (body['total'] as { requests: number } | undefined)?.requests === 1;
    });
  });

  it.each(['api_key', 'api-key', 'key', 'token', 'access_token', 'anything'])(
    'a key in the URL as "%s" is refused with a hint, and repeated nowhere',
    async (name) => {
      for (const path of ['/v1/chat/completions', '/api/me', '/v1/files']) {
        const url = `${path}?${name}=${FILE_KEY}`;
        const method = path === '/v1/chat/completions' ? 'POST' : 'GET';
        const answer = await send(method, url, method === 'POST' ? { model: 'mock/hello' } : undefined, {
          authorization: '',
        });
        if (path === '/v1/files' && answer.status === 404) continue;
        expect([path, answer.status, answer.code]).toEqual([path, 401, 'key_in_url']);
        expect(answer.message).toContain(`"${name}"`);
        expect(JSON.stringify(answer.body)).not.toContain(FILE_KEY);
      }
    },
  );
});
