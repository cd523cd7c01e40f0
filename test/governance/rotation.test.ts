import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createGateway, type Gateway } from '../../dist/bin/library.js';

const TOKEN = 'the-token-of-the-administrator';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);

type Json = Record<string, unknown> & { secret: string; error: { code: string; message: string } };
interface Answered {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

const dataDir = mkdtempSync(join(tmpdir(), 'headgate-rotation-'));
let gateway: Gateway;

/** On the same folder as the one before. */
async function start(): Promise<void> {
  gateway = await createGateway({
    dataDir,
    env: { HEADGATE_SECRET: 'a-server-secret-for-tests-0123456789' },
    config: {
      admin: { token: TOKEN },
      keys: [{ name: 'filed', value: 'hg-filed-0123456789abcdef' }],
      observability: { log_level: 'silent' },
    },
  });
}

async function ask(method: string, path: string, key: string, body?: object): Promise<Answered> {
  const response = await gateway.fetch(path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Json, headers: response.headers };
}
const admin = (method: string, path: string, body?: object) => ask(method, path, TOKEN, body);
const chat = (key: string) =>
  ask('POST', '/v1/chat/completions', key, {
    model: 'mock/hello',
    messages: [{ role: 'user', content: 'Hello' }],
  });
const fetchSecret = (key: string) => ask('POST', '/api/me/secret', key);

async function make(fields: object): Promise<{ id: string; secret: string }> {
  const { status, body } = await admin('POST', '/api/keys', { name: 'job', ...fields });
  expect([status, body.error]).toEqual([201, undefined]);
  return { id: String(body['id']), secret: body.secret };
}

/** What is due at that moment is done. */
async function later(ms: number): Promise<void> {
  await gateway.close();
  vi.setSystemTime(Date.now() + ms);
  await start();
}

async function rotated(id: string, version: number): Promise<Json> {
  const until = performance.now() + 5_000;
  for (;;) {
    const { body } = await admin('GET', `/api/keys/${id}`);
    if ((body['version'] as number) >= version) return body;
    if (performance.now() > until) throw new Error(`it was not rotated: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
  await start();
});
afterAll(async () => {
  await gateway.close();
  vi.useRealTimers();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
});

describe('a key that is rotated by schedule', () => {
  it('gets its secret when it is due, also when no gateway ran then; its holder is told, and fetches it', async () => {
    const { id, secret } = await make({ rotate: { every: '90d', grace: '7d' } });
    const made = Date.now();
    const before = await admin('GET', `/api/keys/${id}`);
    expect(before.body).toMatchObject({
      next_rotation_at: new Date(made + 90 * DAY).toISOString(),
      secret_waits: false,
    });
    expect((await fetchSecret(secret)).body).toEqual({ id, secret: null, old_secret_until: null });
    await later(89 * DAY);
    expect((await chat(secret)).headers.get('x-headgate-key-expires')).toBeNull();
    expect((await admin('GET', `/api/keys/${id}`)).body['version']).toBe(1);

    await later(2 * DAY);
    const now = Date.now();
    const until = new Date(now + 7 * DAY).toISOString();
    expect(await rotated(id, 2)).toMatchObject({
      secret_waits: true,
      old_secret_until: until,
      rotated_at: new Date(now).toISOString(),
      next_rotation_at: new Date(now + 90 * DAY).toISOString(),
    });
    // It is in the store a moment before it is in force.
    const inForce = async (): Promise<boolean> => (await chat(secret)).headers.has('x-headgate-key-expires');
    for (let i = 0; i < 200 && !(await inForce()); i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const told = await chat(secret);
    expect([told.status, told.headers.get('x-headgate-key-expires')]).toEqual([200, until]);
    expect(told.headers.get('x-headgate-key-rotate')).toBe('/api/me/secret');

    const fetched = await fetchSecret(secret);
    expect(fetched.body).toEqual({
      id,
      secret: expect.stringMatching(/^hg-[\w-]{43}$/),
      old_secret_until: until,
    });
    expect(fetched.headers.get('cache-control')).toBe('no-store');
    // The answer was lost on the way.
    expect((await fetchSecret(secret)).body.secret).toBe(fetched.body.secret);
    const current = await chat(fetched.body.secret);
    expect([current.status, current.headers.get('x-headgate-key-expires')]).toEqual([200, null]);
    // Asked with it, it has arrived.
    expect((await fetchSecret(fetched.body.secret)).body.secret).toBeNull();
    expect((await fetchSecret(secret)).body.secret).toBeNull();
    expect((await chat(secret)).status).toBe(200);
    await later(7 * DAY);
    expect((await chat(secret)).status).toBe(401);
    expect((await chat(fetched.body.secret)).status).toBe(200);

    const { body: audit } = await admin('GET', `/api/audit?kind=key&id=${id}`);
    const lines = (audit['data'] as { action: string; actor: string }[]).map(({ action, actor }) => [
      action,
      actor,
    ]);
    expect(lines).toEqual([
      ['forget_secret', `key:${id}`],
      ['fetch_secret', `key:${id}`],
      ['rotate', 'schedule'],
      ['create', 'admin'],
    ]);
    const text = JSON.stringify(audit);
    expect([text.includes('sealed"'), text.includes(fetched.body.secret)]).toEqual([false, false]);
  });

  it('has its secret taken by an admin, once, when the holder never came', async () => {
    const { id, secret } = await make({ rotate: { every: '30d', grace: '1d' } });
    await later(31 * DAY);
    await rotated(id, 2);
    await later(2 * DAY);
    expect((await chat(secret)).status).toBe(401);
    expect((await fetchSecret(secret)).body.error.code).toBe('key_expired');
    const taken = await admin('POST', `/api/keys/${id}/secret`);
    expect(taken.body).toMatchObject({ id, secret_waits: false });
    expect((await chat(taken.body.secret)).status).toBe(200);
    const again = await admin('POST', `/api/keys/${id}/secret`);
    expect([again.status, again.body.error.code]).toEqual([404, 'entity_unknown']);
  });

  it('is not told to an admin once its holder has it, and is forgotten when the old one has ended', async () => {
    const { id, secret } = await make({ rotate: { every: '30d', grace: '1d' } });
    await later(31 * DAY);
    await rotated(id, 2);
    expect((await fetchSecret(secret)).body.secret).toMatch(/^hg-/);
    expect((await admin('POST', `/api/keys/${id}/secret`)).status).toBe(404);
    await later(2 * DAY);
    // Rotated, fetched, forgotten.
    expect((await rotated(id, 4))['secret_waits']).toBe(false);
  });

  it('is left alone while it is disabled, when it expires before, and when it was revoked', async () => {
    const off = await make({ rotate: { every: '10d', grace: '1d' }, disabled: true });
    const short = await make({
      rotate: { every: '10d', grace: '1d' },
      expires: new Date(Date.now() + 5 * DAY).toISOString(),
    });
    const gone = await make({ rotate: { every: '10d', grace: '1d' } });
    await admin('POST', `/api/keys/${gone.id}/revoke`, {});
    const due = await make({ rotate: { every: '10d', grace: '1d' } });
    await later(11 * DAY);
    await rotated(due.id, 2);
    const versions = await Promise.all(
      [off, short, gone].map(async ({ id }) => (await admin('GET', `/api/keys/${id}`)).body['version']),
    );
    expect(versions).toEqual([1, 1, 2]);
    await admin('PATCH', `/api/keys/${off.id}`, { disabled: null });
    await rotated(off.id, 3);
  });
});

describe('a holder', () => {
  it('asks for another secret where the key lets it, and goes on with both for the grace', async () => {
    const { id, secret } = await make({ rotate: { self: true, grace: '2h' } });
    const rotated = await ask('POST', '/api/me/rotate', secret, { grace: '30d' });
    const until = new Date(Date.now() + 2 * HOUR).toISOString();
    expect(rotated.body).toMatchObject({ id, old_secret_until: until });
    expect([(await chat(secret)).status, (await chat(rotated.body.secret)).status]).toEqual([200, 200]);
    // The answer was lost: the old secret gets it again, but makes no third one.
    expect((await fetchSecret(secret)).body.secret).toBe(rotated.body.secret);
    const third = await ask('POST', '/api/me/rotate', secret);
    expect([third.status, third.body.error.message]).toEqual([
      400,
      expect.stringContaining('/api/me/secret'),
    ]);
    let last = rotated.body.secret;
    for (let i = 0; i < 3; i++) last = (await ask('POST', '/api/me/rotate', last)).body.secret;
    const tooMany = await ask('POST', '/api/me/rotate', last);
    expect([tooMany.status, tooMany.body.error.message]).toEqual([
      400,
      expect.stringContaining('still work'),
    ]);
    vi.setSystemTime(Date.now() + 3 * HOUR);
    expect([(await chat(secret)).status, (await chat(last)).status]).toEqual([401, 200]);
  });

  it.each<[string, number, string, () => Promise<string>]>([
    ['does not let it', 400, 'entity_invalid', async () => (await make({})).secret],
    ['is of the file', 409, 'entity_read_only', async () => 'hg-filed-0123456789abcdef'],
    ['nobody knows', 401, 'key_unknown', async () => 'hg-unknown'],
    [
      'was shown from the wrong place',
      403,
      'address_not_allowed',
      async () =>
        (
          await make({
            rotate: { self: true },
            denied_ip_ranges: ['0.0.0.0/0', '::/0'],
            ip_ranges: ['10.0.0.0/8'],
          })
        ).secret,
    ],
    [
      'is disabled',
      403,
      'entity_disabled',
      async () => (await make({ rotate: { self: true }, disabled: true })).secret,
    ],
  ])('is refused with a key that %s', async (_, status, code, key) => {
    const { status: was, body } = await ask('POST', '/api/me/rotate', await key());
    expect([was, body.error.code]).toEqual([status, code]);
  });
});

it.each<[string, object, string]>([
  ['too often', { every: '1m' }, 'from 1h'],
  ['a grace as long as the age', { every: '7d', grace: '7d' }, 'less than'],
  ['negative', { every: '-1d' }, 'a duration'],
  ['a number', { every: 90 }, 'a duration'],
  ['absurd', { every: '99999d' }, '3660d'],
  ['unknown', { evry: '90d' }, 'evry'],
])('a schedule that is %s is refused, and says why', async (_, rotate, why) => {
  const { status, body } = await admin('POST', '/api/keys', { rotate });
  expect([status, body.error.message]).toEqual([400, expect.stringContaining(why)]);
});

it('a manual rotation takes the place of what waited', async () => {
  const { id } = await make({ rotate: { every: '30d', grace: '1d' } });
  await later(31 * DAY);
  await rotated(id, 2);
  const { body } = await admin('POST', `/api/keys/${id}/rotate`, { grace: '1h' });
  expect(body['secret_waits']).toBe(false);
  expect((await admin('POST', `/api/keys/${id}/secret`)).status).toBe(404);
  expect((await chat(body.secret)).status).toBe(200);
});
