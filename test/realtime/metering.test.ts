import { afterAll, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { get } from '../e2e/http-client.js';
import { settled } from '../e2e/settled.js';
import { type Client, connect } from './client.js';
import { openaiSession, USAGE } from './fake-openai.js';
import { startFakeRealtime } from './fake-realtime.js';

const KEY = 'hg-realtime-key-0123456789';
const SMALL = 'hg-small-key-0123456789';
const FAST = 'hg-fast-key-0123456789';
const ADMIN = 'hg-admin-0123456789';
const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

const fake = await startFakeRealtime(openaiSession());
const gateway = await startHeadgate({
  config: {
    admin: { token: ADMIN },
    providers: { openai: { base_url: `${fake.url}/v1`, keys: [{ value: 'sk-provider-0123456789' }] } },
    models: { voice: { targets: ['openai/gpt-realtime'] } },
    keys: [
      { name: 'app', value: KEY },
      // Above what is reserved for one answer, and little more than three answers cost.
      { name: 'small', value: SMALL, budget: { usd: 0.3, per: 'day' } },
      { name: 'fast', value: FAST, limits: { rpm: 1000, tpm: 600 } },
    ],
  },
});
afterAll(async () => {
  await stopCleanly(gateway);
  await fake.close();
});

async function answers(client: Client, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    client.send({ type: 'response.create' });
    await client.event('response.done');
  }
}

describe('the record of a session', () => {
  it('is one, with the sum of what its answers used and cost', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', bearer(KEY));
    await client.event('session.created');
    await answers(client, 3);
    client.socket.close(1000);
    await client.closed;
    const line = await settled(gateway, (one) => one['key'] === 'app');
    expect(line).toMatchObject({ operation: 'realtime', model: 'voice', status: 101, outcome: 'ok' });
    const text = JSON.stringify(line);
    expect(text).toContain(String(3 * USAGE.input_tokens));
    expect(text).toContain(String(3 * USAGE.output_tokens));
    // gpt-realtime, US dollars a million: text 4, cached 0.4, audio 32; answers 16 and 64.
    const nanos = (119 - 64) * 4_000 + 64 * 400 + 13 * 32_000 + 30 * 16_000 + 91 * 64_000;
    const usage = await get(gateway, '/api/usage?group_by=key', { authorization: `Bearer ${ADMIN}` });
    expect(usage.text).toContain(((3 * nanos) / 1e9).toString());
  });
});

describe('a budget', () => {
  it('ends a session with an error and 1008 once it is used up', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', bearer(SMALL));
    await client.event('session.created');
    let count = 0;
    const ended = client.closed.then(({ code, reason }) => ({ code, reason }));
    const asking = setInterval(
      () => client.socket.readyState === 1 && client.send({ type: 'response.create' }),
      5,
    );
    const { error } = (await client.event('error')) as { error: Record<string, unknown> };
    clearInterval(asking);
    expect(error).toMatchObject({ type: 'insufficient_quota', code: 'budget_exceeded' });
    const { code, reason } = await ended;
    expect(code).toBe(1008);
    expect(reason).toContain("The budget of key 'small' is $0.3");
    for (const { data } of client.received) if (data.includes('"response.done"')) count++;
    expect(count).toBeGreaterThan(1);
    expect((await settled(gateway, (one) => one['key'] === 'small'))['error']).toBe('budget_exceeded');
    await expect(connect(gateway, '/v1/realtime?model=voice', bearer(SMALL))).rejects.toThrow('402');
  });
});

describe('a limit of tokens a minute', () => {
  it('counts what answers used and ends the session', async () => {
    const client = await connect(gateway, '/v1/realtime?model=voice', bearer(FAST));
    await client.event('session.created');
    await answers(client, 2);
    client.send({ type: 'response.create' });
    const { error } = (await client.event('error')) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ code: 'rate_limit_exceeded' });
    expect((await client.closed).code).toBe(1008);
  });
});
