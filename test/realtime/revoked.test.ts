import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveGroup, resolveKeyRules } from '../../core/config/entity.js';
import { entitySchemas } from '../../core/config/sections/entities.js';
import { storedKeySchema } from '../../core/config/sections/keys.js';
import { keyHash } from '../../core/identity/key-hash.js';
import { rememberClientSecret } from '../../core/realtime/client-secrets.js';
import { type Client, connect, refusal } from './client.js';
import { openaiSession } from './fake-openai.js';
import { type FakeRealtime, startFakeRealtime } from './fake-realtime.js';
import { plainControl, startThread, type Thread } from './thread.js';
import { until } from './until.js';

const SECRET = 'hg-stored-0123456789abcdef';
const OTHER = 'hg-replaced-0123456789abcdef';
const FILED = 'hg-filed-0123456789abcdef';

let fake: FakeRealtime;
let thread: Thread;
const control = plainControl();

/** A change of the store, as the main thread hands it to each thread. */
function put(
  fields: object,
  secrets: readonly { secret: string; untilMs?: number }[] = [{ secret: SECRET }],
) {
  const rules = resolveKeyRules('key_1', 'bot', storedKeySchema.parse(fields));
  const hashes = secrets.map(({ secret, untilMs }) => ({
    hash: keyHash('only-for-this-test', secret),
    untilMs: untilMs ?? null,
  }));
  thread.io.update({ keys: [{ id: 'key_1', rules: JSON.stringify(rules), hashes }], keysExist: true });
}

function putTeam(fields: object): void {
  const rules = resolveGroup('team', 'support', entitySchemas.team.parse(fields) as never);
  thread.io.update({ groups: [{ kind: 'team', id: 'support', rules }] });
}

const open = (key = SECRET): Promise<Client> =>
  connect(thread, '/v1/realtime?model=gpt-realtime', { headers: { authorization: `Bearer ${key}` } });

async function opened(key?: string): Promise<Client> {
  const client = await open(key);
  await client.event('session.created');
  return client;
}

async function endedWith(client: Client, code: string): Promise<void> {
  expect((await client.event('error'))['error']).toMatchObject({ code });
  expect((await client.closed).code).toBe(1008);
}

async function goesOn(client: Client): Promise<void> {
  client.send({ type: 'response.create' });
  await client.event('response.done');
  expect(client.socket.readyState).toBe(1);
  client.socket.close(1000);
  await client.closed;
}

beforeEach(async () => {
  fake = await startFakeRealtime(openaiSession());
  const provider = { base_url: `${fake.url}/v1`, keys: [{ value: 'sk-provider-0123456789' }] };
  thread = await startThread(
    { providers: { openai: provider, mock: {} }, keys: [{ name: 'filed', value: FILED }] },
    { control },
  );
  putTeam({});
  put({ team: 'support' });
});
afterEach(async () => {
  vi.useRealTimers();
  await thread.close();
  await fake.close();
});

describe('an open session', () => {
  it.each<[string, string, () => void]>([
    ['revoked', 'key_revoked', () => put({ team: 'support' }, [])],
    ['deleted', 'key_revoked', () => thread.io.update({ goneKeys: ['key_1'] })],
    [
      'given another secret without grace',
      'key_revoked',
      () => put({ team: 'support' }, [{ secret: OTHER }]),
    ],
    ['disabled', 'entity_disabled', () => put({ team: 'support', disabled: true })],
    ['made to expire', 'key_expired', () => put({ team: 'support', expires: '2020-01-01' })],
    ['no longer allowed the model', 'model_not_allowed', () => put({ team: 'support', models: ['mock/*'] })],
    ['no longer allowed the provider', 'provider_not_allowed', () => put({ denied_providers: ['openai'] })],
    ['of a team that is disabled', 'entity_disabled', () => putTeam({ disabled: true })],
    [
      'of a team that is gone',
      'entity_disabled',
      () => thread.io.update({ groups: [{ kind: 'team', id: 'support', rules: null }] }),
    ],
  ])('ends when its key is %s', async (_, code, change) => {
    const [client, stays] = [await opened(), await opened(FILED)];
    change();
    await endedWith(client, code);
    await goesOn(stays);
  });

  it('goes on when its key is changed in what does not concern it, and its next answers go by the new rules', async () => {
    const client = await opened();
    put({ team: 'support', models: ['openai/*', 'gpt-realtime'] });
    thread.io.update({ goneKeys: ['key_2'], groups: [{ kind: 'team', id: 'other', rules: null }] });
    await goesOn(client);
  });

  it('ends when its key expires, and when the grace of its secret is over', async () => {
    const soon = Date.now() + 400;
    put({ team: 'support' }, [{ secret: SECRET, untilMs: soon }, { secret: OTHER }]);
    const [old, current] = [await opened(), await opened(OTHER)];
    await endedWith(old, 'key_expired');
    expect(Date.now()).toBeGreaterThanOrEqual(soon);
    put({ expires: new Date(Date.now() + 200).toISOString() }, [{ secret: OTHER }]);
    await endedWith(current, 'key_expired');
  });

  it('of a key that a reload takes out of the file ends too', async () => {
    const client = await opened(FILED);
    const { config } = thread.io.runtime;
    await thread.io.prepare({ ...config, keys: [] });
    thread.io.commit();
    await endedWith(client, 'key_revoked');
  });

  it('that a browser opened with a short-lived secret ends with the key that made it, and none is opened any more', async () => {
    const principal = thread.io.runtime.keys.find(SECRET);
    if (principal === undefined) throw new Error('the key is there');
    const answer = { value: 'ek_browser', expires_at: Math.floor(Date.now() / 1000) + 60 };
    const made = { principal, provider: 'openai', key: 'key-1', model: 'gpt-realtime' };
    await rememberClientSecret(control, made, Buffer.from(JSON.stringify(answer)));
    const browser = () =>
      connect(thread, '/v1/realtime?model=gpt-realtime', {
        protocols: ['realtime', 'openai-insecure-api-key.ek_browser'],
      });
    const client = await browser();
    await client.event('session.created');
    // The key itself has another secret now; what it has made stays good.
    put({ team: 'support' }, [{ secret: OTHER }]);
    client.send({ type: 'response.create' });
    await client.event('response.done');
    put({ team: 'support' }, []);
    await endedWith(client, 'key_revoked');
    const refused = await refusal(browser());
    expect([refused.status, refused.error['code']]).toEqual([401, 'key_revoked']);
    put({ team: 'support', ip_ranges: ['10.0.0.0/8'] });
    expect((await refusal(browser())).error['code']).toBe('address_not_allowed');
  });

  it('of a key that was replaced while the session was still being opened is refused', async () => {
    await thread.close();
    thread = await startThread(
      {
        providers: {
          openai: { base_url: 'http://192.0.2.1/v1', keys: [{ value: 'sk-provider-0123456789' }] },
        },
      },
      { control },
    );
    put({});
    const refused = refusal(open());
    await until('the session is being opened', () => thread.io.inFlight === 1);
    thread.io.update({ goneKeys: ['key_1'] });
    expect((await refused).error['code']).toBe('key_revoked');
  });
});

describe('a running request', () => {
  const ask = (stream: boolean) =>
    fetch(`${thread.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({
        model: stream ? 'mock/pace-100+long-40' : 'mock/slow-800',
        stream,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    });

  it.each<[string, string, () => void]>([
    ['revoked', 'key_revoked', () => put({ team: 'support' }, [])],
    ['deleted', 'key_revoked', () => thread.io.update({ goneKeys: ['key_1'] })],
    ['disabled', 'entity_disabled', () => put({ disabled: true })],
    ['of a team that is disabled', 'entity_disabled', () => putTeam({ disabled: true })],
  ])('ends with an error when its key is %s', async (_, code, change) => {
    const stream = await ask(true);
    const whole = ask(false);
    await until('both run', () => thread.io.inFlight === 2);
    change();
    const text = await stream.text();
    const last = JSON.parse(
      text
        .trim()
        .split('\n\n')
        .at(-1)
        ?.replace(/^data: /, '') ?? '',
    ) as object;
    expect(last).toMatchObject({ error: { code } });
    expect((await (await whole).json()) as object).toMatchObject({ error: { code } });
    expect(thread.records.map(({ error }) => error)).toEqual([code, code]);
  });

  it.each<[string, () => void]>([
    ['has expired', () => put({ expires: '2020-01-01' })],
    ['has another secret', () => put({}, [{ secret: OTHER }])],
    ['may use other models', () => put({ models: ['openai/*'] })],
  ])('ends as asked for when its key %s', async (_, change) => {
    const whole = ask(false);
    await until('it runs', () => thread.io.inFlight === 1);
    change();
    expect((await whole).status).toBe(200);
  });
});
