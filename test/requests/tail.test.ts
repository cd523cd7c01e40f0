import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from '../governance/admin-client.js';
import { tail } from './event-stream.js';

const RED = 'hg-key-of-the-red-team-0123456789';
const BLUE = 'hg-key-of-the-blue-team-0123456789';
const admin = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
let gateway: Embedded;
let url = '';

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
  url = await gateway.listen();
});
afterAll(() => gateway.close());

async function chat(key: string, model = 'mock/hello'): Promise<string> {
  const answer = await gateway.fetch(
    '/v1/chat/completions',
    json(
      { model, messages: [{ role: 'user', content: 'Hello' }] },
      { headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` } },
    ),
  );
  await answer.text();
  return String(answer.headers.get('x-headgate-request-id'));
}

describe('a tail of requests', { timeout: 60_000 }, () => {
  it('tells of each as it settles, as lists do, over a connection too', async () => {
    const listener = await tail(
      { fetch: (path, init) => fetch(`${url}${String(path)}`, init) },
      '',
      ADMIN_TOKEN,
    );
    expect(listener.answer.headers.get('content-type')).toBe('text/event-stream');
    const ids = [await chat(RED), await chat(BLUE), await chat(BLUE, 'nowhere/at-all')];
    const events = await listener.take(3);
    expect(events.map(({ id }) => id)).toEqual(ids);
    await listener.leave();
    const list = await gateway.fetch('/api/requests?limit=3', { headers: admin });
    const { data } = (await list.json()) as { data: unknown[] };
    expect(events.map((event) => event.data)).toEqual(data.reverse());
  });

  it('has what fits the filters alone', async () => {
    const [blue, failed, words] = [
      await tail(gateway, 'team=blue', ADMIN_TOKEN),
      await tail(gateway, 'status=4xx', ADMIN_TOKEN),
      await tail(gateway, 'q=BLUE', ADMIN_TOKEN),
    ];
    await chat(RED);
    const ids = [await chat(BLUE), await chat(BLUE, 'nowhere/at-all')];
    expect((await blue.take(2)).map(({ id }) => id)).toEqual(ids);
    expect((await words.take(2)).map(({ id }) => id)).toEqual(ids);
    expect((await failed.take(1)).map(({ id }) => id)).toEqual([ids[1]]);
    await Promise.all([blue, failed, words].map((one) => one.leave()));
  });

  it('goes on where it was, from the store', async () => {
    const before = await chat(RED);
    const first = await tail(gateway, 'team=red', ADMIN_TOKEN, { 'last-event-id': before });
    await first.leave();
    const missed = [await chat(RED), await chat(BLUE), await chat(RED)];
    const again = await tail(gateway, 'team=red', ADMIN_TOKEN, { 'last-event-id': before });
    const next = await chat(RED);
    const ids: unknown[] = [];
    while (ids.at(-1) !== next && ids.at(-1) !== null) ids.push((await again.next())?.id ?? null);
    await again.leave();
    // What was told shortly before may be told again, but nothing twice here, nothing of others, and not that one.
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.slice(-3)).toEqual([missed[0], missed[2], next]);
    expect(ids).not.toContain(before);
    expect(ids).not.toContain(missed[1]);
  });

  it('keeps to what the caller may see, and ends when its token is taken back', async () => {
    const made = await gateway.fetch('/api/service-tokens', {
      method: 'POST',
      headers: admin,
      body: JSON.stringify({ name: 'watcher', roles: [{ role: 'viewer', team: 'red' }] }),
    });
    const { id, secret, version } = (await made.json()) as { id: string; secret: string; version: number };
    expect(made.status).toBe(201);
    const listener = await tail(gateway, '', secret);
    await chat(BLUE);
    const own = await chat(RED);
    expect((await listener.next())?.id).toBe(own);
    const gone = await gateway.fetch(`/api/service-tokens/${id}?version=${version}`, {
      method: 'DELETE',
      headers: { ...admin, 'if-match': `"${version}"` },
    });
    expect(gone.status).toBeLessThan(300);
    const last = await listener.next();
    expect(last).toMatchObject({ name: 'ended', data: { why: 'the credential is no longer good' } });
    expect(await listener.next()).toBeNull();
  });

  it.each([
    ['from=2026-01-01', {}, 'from'],
    ['colour=red', {}, 'colour'],
    ['', { 'last-event-id': 'nonsense' }, 'last-event-id'],
  ])('refuses %s %j', async (query, headers, param) => {
    const answer = await gateway.fetch(`/api/requests/tail?${query}`, {
      headers: { ...admin, ...headers },
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 'invalid_parameter', param } });
  });

  it('has so many listeners, and room again when one leaves', async () => {
    const listeners = [];
    for (;;) {
      const one = await tail(gateway, '', ADMIN_TOKEN);
      listeners.push(one);
      if (one.answer.status !== 200) break;
    }
    expect(listeners.at(-1)?.answer.status).toBe(429);
    expect(listeners).toHaveLength(33);
    await Promise.all(listeners.map((one) => one.leave()));
    await expect
      .poll(
        async () => {
          const one = await tail(gateway, '', ADMIN_TOKEN);
          await one.leave();
          return one.answer.status;
        },
        { timeout: 20_000 },
      )
      .toBe(200);
  });
});
