import { afterAll, beforeAll, expect, it } from 'vitest';
import { refusalLines } from '../config/load-text.js';
import { startVendors, type Vendors } from '../fakes/alert-vendors.js';
import { type Embedded, embed } from '../gateway/embedded.js';

type Json = Record<string, unknown>;
const ADMIN = 'the-token-of-the-administrator';
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

let vendors: Vendors;
let gateway: Embedded;
beforeAll(async () => {
  vendors = await startVendors();
  gateway = await embed({
    config: {
      admin: { token: ADMIN },
      keys: [{ name: 'app', value: 'hg-0123456789abcdef0123456789abcdef', expires: inDays(3) }],
      providers: { openai: { base_url: 'http://127.0.0.1:9/v1', keys: [{ value: 'sk-nobody-is-there' }] } },
      alerts: {
        destinations: {
          ops: { slack: { url: `${vendors.url}/slack` } },
          hook: { webhook: { url: `${vendors.url}/webhook`, secret: 'hush' } },
        },
        rules: [
          { when: 'expiry', before: '7d', to: ['hook'] },
          { when: 'errors', least_requests: 1, to: ['ops'] },
        ],
        group: '1ms',
      },
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await vendors.close();
});

const ask = async (
  method: string,
  path: string,
  body?: object,
  token = ADMIN,
): Promise<{ status: number; body: Json }> => {
  const answer = await gateway.fetch(path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Json };
};

it('tells by itself what its rules find, and lists it', async () => {
  const told = (): Json[] => vendors.told.filter(({ path }) => path === '/webhook').map(({ body }) => body);
  await expect
    .poll(told, { timeout: 50_000 })
    .toMatchObject([
      { version: 1, alerts: [{ rule: 'expiry', subject: 'key app', state: 'firing', severity: 'warning' }] },
    ]);
  // The receiver has a message before its sender knows that it arrived.
  await expect
    .poll(async () => (await ask('GET', '/api/alerts')).body)
    .toMatchObject({
      alerts: [
        { rule: 'expiry', subject: 'key app', state: 'firing', told_at: expect.stringMatching(/^20/) },
      ],
      silences: [],
      destinations: [
        { name: 'ops', kind: 'slack', waiting: 0, failing: false },
        { name: 'hook', kind: 'webhook', waiting: 0, failing: false },
      ],
    });
  const page = async (): Promise<string> =>
    (await gateway.fetch('/metrics', { headers: { authorization: `Bearer ${ADMIN}` } })).text();
  await expect.poll(page).toContain('headgate_alert_messages_total{destination="hook",outcome="ok"} 1');
});

it('a destination can be tested, and a silence set and ended', async () => {
  expect(await ask('POST', '/api/alerts/ops/test')).toMatchObject({ status: 200, body: { delivered: true } });
  vendors.fail = { status: 500, times: 1 };
  expect((await ask('POST', '/api/alerts/ops/test')).body).toEqual({
    delivered: false,
    why: 'it answered 500',
  });
  expect((await ask('POST', '/api/alerts/nobody/test')).status).toBe(404);
  const made = await ask('POST', '/api/alerts/silences', { rule: 'expiry', for: '1h', comment: 'known' });
  expect(made).toMatchObject({
    status: 201,
    body: { rule: 'expiry', subject: null, by: 'admin', comment: 'known' },
  });
  expect((await ask('GET', '/api/alerts')).body).toMatchObject({
    alerts: [{ state: 'silenced' }],
    silences: [made.body],
  });
  expect((await ask('DELETE', `/api/alerts/silences/${String(made.body['id'])}`)).status).toBe(200);
  expect((await ask('DELETE', `/api/alerts/silences/${String(made.body['id'])}`)).status).toBe(404);
  expect((await ask('GET', '/api/audit?kind=alert_silence')).body).toMatchObject({
    data: [
      { actor: 'admin', action: 'unsilence', id: made.body['id'] },
      { actor: 'admin', action: 'silence', id: made.body['id'], after: { rule: 'expiry', comment: 'known' } },
    ],
  });
  expect((await ask('POST', '/api/alerts/silences', { for: '1h' })).status).toBe(400);
  expect((await ask('POST', '/api/alerts/silences', { rule: 'expiry', for: 'soon' })).status).toBe(400);
  expect((await ask('GET', '/api/alerts', undefined, 'wrong')).status).toBe(401);
});

it('tells of requests that fail, as they are settled', async () => {
  const body = { model: 'openai/gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };
  const headers = {
    authorization: 'Bearer hg-0123456789abcdef0123456789abcdef',
    'content-type': 'application/json',
  };
  const answer = await gateway.fetch('/v1/chat/completions', {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(502);
  const rules = async (): Promise<unknown> => (await ask('GET', '/api/alerts')).body['alerts'];
  await expect
    .poll(rules, { timeout: 50_000 })
    .toContainEqual(
      expect.objectContaining({ rule: 'errors', subject: 'model openai/gpt-4o', state: 'firing' }),
    );
});

it.each([
  ['rules: [{ when: target }]', 'there are rules, but no destinations to be told'],
  ['destinations: { a: {} }', 'expected one of slack, teams, discord, pagerduty, opsgenie, email, webhook'],
  ['destinations: { a: { slack: { url: "ftp://x" } } }', 'alerts.destinations.a.slack.url'],
  [
    'destinations: { a: { slack: { url: "https://x" } } }\n  rules: [{ when: target, to: [b] }]',
    'there is no destination "b"',
  ],
  [
    'destinations: { a: { slack: { url: "https://x" } } }\n  rules: [{ when: target }, { when: target }]',
    'there is another rule "target"',
  ],
  [
    'destinations: { a: { slack: { url: "https://x" } } }\n  rules: [{ when: target, share: 0.5 }]',
    'a rule for target has no share',
  ],
  ['destinations: { a: { email: { smtp: "http://x", from: a@b.c, to: [a@b.c] } } }', 'smtps://'],
])('a wrong setting is told with its place: %s', (text, words) => {
  expect(refusalLines(`alerts:\n  ${text}\n`).join('\n')).toContain(words);
});
