import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from '../governance/admin-client.js';

type Json = Record<string, unknown>;

let gateway: Embedded;
const said = async (token: string, path: string, method = 'GET', body?: unknown): Promise<Response> =>
  gateway.fetch(path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const get = async (token: string, path: string): Promise<Json> =>
  (await (await said(token, path)).json()) as Json;
const make = async (path: string, body: unknown): Promise<string> =>
  String(((await (await said(ADMIN_TOKEN, path, 'POST', body)).json()) as Json)['secret']);
const ids = (page: Json): unknown[] => (page['data'] as Json[]).map(({ id }) => id);

/** Of teams red and blue: what was asked with their keys, in a conversation that both call the same. */
const asked: Record<'red' | 'blue', string[]> = { red: [], blue: [] };
const tokens: Record<string, string> = {};

beforeAll(async () => {
  gateway = await embed({
    config: {
      admin: { token: ADMIN_TOKEN },
      auth: { required: true },
      organizations: { acme: {} },
      observability: { log_bodies: true },
    },
  });
  for (const team of ['red', 'blue'] as const) {
    await make('/api/teams', { id: team, organization: 'acme' });
    const key = await make('/api/keys', { id: `key-${team}`, team });
    for (const word of ['one', 'two']) {
      const messages = [{ role: 'user', content: `the ${team} secret ${word}` }];
      const headers = {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'x-headgate-session': 'shared',
      };
      const answer = await gateway.fetch(
        '/v1/chat/completions',
        json({ model: 'mock/hello', messages }, { headers }),
      );
      await answer.text();
      asked[team].push(String(answer.headers.get('x-headgate-request-id')));
    }
    for (const role of ['viewer', 'team_admin'])
      tokens[`${team} ${role}`] = await make('/api/service-tokens', {
        name: `${team}-${role}`,
        roles: [{ role, team }],
      });
  }
});
afterAll(() => gateway.close());

it.each(['viewer', 'team_admin'])(
  'a %s of one team learns nothing of another one, by whatever way',
  async (role) => {
    const red = tokens[`red ${role}`] as string;
    const mine = asked.red.toReversed();
    const paths = [
      '/api/requests',
      '/api/requests?q=',
      '/api/requests?session=shared',
      '/api/requests?team=blue&team=red',
      '/api/requests?format=csv',
      '/api/requests?format=jsonl',
      '/api/requests/export?format=jsonl',
      '/api/requests/export?format=csv&q=blue',
      '/api/requests/sessions',
      '/api/requests/sessions/shared',
      '/api/requests?key=key-blue',
      '/api/requests?q=blue',
      '/api/requests?q=key-blue',
    ];
    for (const path of paths) {
      const text = await (await said(red, path)).text();
      for (const id of asked.blue) expect(text, path).not.toContain(id);
      expect(text, path).not.toContain('key-blue');
    }
    expect(ids(await get(red, '/api/requests'))).toEqual(mine);
    expect(ids(await get(red, '/api/requests?team=blue'))).toEqual([]);
    // Sums of a conversation are those of one's own requests in it.
    const [session] = (await get(red, '/api/requests/sessions'))['data'] as Json[];
    expect(session).toMatchObject({
      id: 'shared',
      requests: 2,
      key_names: [expect.not.stringContaining('blue')],
    });
    expect(await get(red, '/api/requests/sessions/shared')).toMatchObject({ requests: 2 });
    for (const id of asked.blue) expect((await said(red, `/api/requests/${id}`)).status).toBe(404);
  },
);

it('a cursor of somebody else, or a made-up one, leads to nothing that is not within reach', async () => {
  const red = tokens['red team_admin'] as string;
  const { next_cursor: next } = await get(ADMIN_TOKEN, '/api/requests?limit=1');
  expect(ids(await get(red, `/api/requests?cursor=${String(next)}`))).toEqual(asked.red.toReversed());
  const cursor = (text: string): string => Buffer.from(text).toString('base64url');
  for (const bad of [
    '',
    'x',
    cursor(''),
    cursor('1e9 a'),
    cursor("1'; DROP TABLE request_bodies; -- a"),
    cursor('99999999999999999 a'),
    `${String(next)}=`,
  ])
    expect((await said(red, `/api/requests?cursor=${encodeURIComponent(bad)}`)).status, bad).toBe(400);
  const ahead = await get(red, `/api/requests?cursor=${cursor('9999999999999999 zzz')}`);
  expect(ids(ahead)).toEqual(asked.red.toReversed());
  expect(ids(await get(red, `/api/requests?cursor=${cursor('-9999999999999999 zzz')}`))).toEqual([]);
});

// Whoever could see requests, but not what was said in them, found them by words of what was said: a word at a time, all of it could
// be guessed.
it('requests are found by words of their bodies by those alone who may see these', async () => {
  const found = async (token: string): Promise<unknown[]> =>
    ids(await get(token, '/api/requests?q=secret+two'));
  expect(await found(tokens['red team_admin'] as string)).toEqual([asked.red[1]]);
  expect(await found(ADMIN_TOKEN)).toEqual([asked.blue[1], asked.red[1]]);
  expect(await found(tokens['red viewer'] as string)).toEqual([]);
  // What a record itself says is found all the same.
  expect(ids(await get(tokens['red viewer'] as string, '/api/requests?q=mock'))).toEqual(
    asked.red.toReversed(),
  );
  const detail = await get(tokens['red viewer'] as string, `/api/requests/${asked.red[0]}`);
  expect(detail).not.toHaveProperty('bodies');
});

it('signs that SQL, LIKE and expressions know mean themselves', async () => {
  for (const q of ['%', 'hell%', 'h_llo', 'hell.*', '^hell', "hell' OR '1'='1", '\\\\', '(', '"', '[a-z]'])
    expect(ids(await get(ADMIN_TOKEN, `/api/requests?q=${encodeURIComponent(q)}`)), q).toEqual([]);
});
