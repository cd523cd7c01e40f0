import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VirtualKey } from '../../core/identity/virtual-key.js';
import { findClientSecret, rememberClientSecret } from '../../core/realtime/client-secrets.js';
import { connect, refusal } from './client.js';
import { openaiSession } from './fake-openai.js';
import { type FakeRealtime, startFakeRealtime } from './fake-realtime.js';
import { plainControl, startThread, type Thread } from './thread.js';

const KEY = 'hg-realtime-key-0123456789';
const PROVIDER_KEY = 'sk-provider-0123456789';

const seconds = (): number => Math.floor(Date.now() / 1000);
const answer = (value: object): Buffer => Buffer.from(JSON.stringify(value));

describe('a client secret', () => {
  let fake: FakeRealtime;
  let thread: Thread;
  let key: VirtualKey;
  const control = plainControl();

  beforeAll(async () => {
    fake = await startFakeRealtime(openaiSession());
    const provider = { base_url: `${fake.url}/v1`, keys: [{ value: PROVIDER_KEY }] };
    const config = {
      providers: { openai: provider, backup: { extends: 'openai', ...provider } },
      models: {
        voice: { targets: ['backup/gpt-realtime', 'openai/gpt-realtime'] },
        other: { targets: ['backup/gpt-realtime'] },
        secret: { targets: ['openai/gpt-realtime'] },
      },
      keys: [{ name: 'app', value: KEY, models: ['voice', 'other'] }],
    };
    thread = await startThread(config, { control });
    key = thread.io.runtime.keys.find(KEY) as VirtualKey;
  });
  afterAll(async () => {
    await thread.close();
    await fake.close();
  });

  const made = (model: string) => ({ principal: key, provider: 'openai', key: 'key-1', model });
  const withSecret = (secret: string, path = '/v1/realtime?model=voice') =>
    connect(thread, path, { protocols: ['realtime', `openai-insecure-api-key.${secret}`] });

  it('lets its bearer in as the key that made it, at the provider that knows it', async () => {
    const expires_at = seconds() + 60;
    await rememberClientSecret(
      control,
      made('voice'),
      answer({ value: 'ek_browser', expires_at, session: {} }),
    );
    const client = await withSecret('ek_browser');
    await client.event('session.created');
    const { headers } = await fake.connection(fake.connections.length);
    expect(headers.authorization).toBe('Bearer ek_browser');
    expect(JSON.stringify(headers)).not.toContain(PROVIDER_KEY);
    client.socket.close(1000);
    await client.closed;
    const without = await withSecret('ek_browser', '/v1/realtime');
    expect((await without.event('session.created'))['session']).toMatchObject({ model: 'voice' });
    without.socket.close(1000);
    await without.closed;
  });

  it('of the older endpoints counts as well', async () => {
    const client_secret = { value: 'ek_older', expires_at: seconds() + 60 };
    await rememberClientSecret(control, made('voice'), answer({ id: 'sess_1', client_secret }));
    const client = await withSecret('ek_older');
    client.socket.close(1000);
    await client.closed;
  });

  it('may do no more than the key that made it', async () => {
    await rememberClientSecret(
      control,
      made('voice'),
      answer({ value: 'ek_narrow', expires_at: seconds() + 60 }),
    );
    const refused = await refusal(withSecret('ek_narrow', '/v1/realtime?model=secret'));
    expect([refused.status, refused.error['code']]).toEqual([403, 'model_not_allowed']);
    const elsewhere = await refusal(withSecret('ek_narrow', '/v1/realtime?model=other'));
    expect([elsewhere.status, elsewhere.error['code']]).toEqual([503, 'no_target']);
  });

  it('that nobody made, or that has expired, is no key', async () => {
    await rememberClientSecret(
      control,
      made('voice'),
      answer({ value: 'ek_past', expires_at: seconds() - 1 }),
    );
    for (const secret of ['ek_past', 'ek_unknown']) {
      const refused = await refusal(withSecret(secret));
      expect([refused.status, refused.error['code']]).toEqual([401, 'key_unknown']);
    }
  });

  it('is not remembered from an answer that holds none', async () => {
    for (const body of ['', 'no', '{}', '[]', 'null', '{"value":1,"expires_at":2}', '{"client_secret":null}'])
      await rememberClientSecret(control, made('voice'), Buffer.from(body));
    expect(await findClientSecret(control, 'ek_none')).toBeNull();
  });
});
