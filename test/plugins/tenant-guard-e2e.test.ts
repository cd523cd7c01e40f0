import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { get } from '../e2e/http-client.js';
import { openaiProvider } from '../e2e/two-providers.js';
import { startOpenAi } from '../fakes/openai.js';
import { ask, ways } from './ask.js';
import { tenantGuardFile } from './tenant-guard.js';

const openai = await startOpenAi();
const gateway = await startHeadgate({
  config: {
    server: { threads: 2 },
    providers: { openai: openaiProvider(openai) },
    plugins: [
      {
        use: tenantGuardFile,
        config: { banned: ['chinchilla'], customers: { acme: { banned: ['roadrunner'] }, coyote: {} } },
      },
    ],
  },
});
beforeEach(() => openai.reset());
afterAll(async () => {
  await stopCleanly(gateway);
  await openai.close();
});

const of = (customer: string) => ({ headers: { 'x-headgate-metadata': `customer=${customer}` } });

describe.each(ways)('the example plugin in a gateway (%s, streamed: %s)', (client, stream) => {
  it('refuses a banned word', async () => {
    const refused = await ask(gateway, client, 'mock/echo', { stream, prompt: 'A Chinchilla?' });
    expect(refused).toMatchObject({ status: 400, code: 'banned_word' });
    expect(refused.headers.get('x-tenant-guard')).toBe('refused');
  });

  it('refuses a customer’s own banned word to that customer alone', async () => {
    const prompt = 'Where is the roadrunner?';
    expect((await ask(gateway, client, 'mock/echo', { stream, prompt, ...of('acme') })).status).toBe(400);
    expect(await ask(gateway, client, 'mock/echo', { stream, prompt, ...of('coyote') })).toMatchObject({
      status: 200,
      said: prompt,
    });
  });

  it('masks addresses that the stream splits', async () => {
    const prompt = 'Ask wile.e.coyote+acme@example.com, or jürgen@müller.example. Not me@home';
    const { said, text } = await ask(gateway, client, 'mock/echo', { stream, prompt });
    expect(said).toBe('Ask [hidden], or [hidden]. Not me@home');
    expect(text).not.toContain('coyote');
  });

  it('masks addresses of another provider’s stream, one character at a time', async () => {
    openai.always({ answer: { text: 'It is bob@example.com!' }, pieceBytes: 7 });
    expect((await ask(gateway, client, 'openai/gpt-4o', { stream })).said).toBe('It is [hidden]!');
  });

  it('tells the provider who the customer is', async () => {
    await ask(gateway, client, 'openai/gpt-4o', { stream, ...of('acme') });
    expect(openai.received[0]?.headers['x-tenant']).toBe('acme');
  });
});

describe('its counts', () => {
  it('are those of both threads together', async () => {
    const counts = async () =>
      (await get(gateway, '/plugins/tenant-guard/counts')).json() as Record<string, number>;
    const before = (await counts())['coyote'] ?? 0;
    await Promise.all(
      Array.from({ length: 20 }, () =>
        ask(gateway, 'OpenAI', 'mock/hello', { headers: { ...of('coyote').headers, connection: 'close' } }),
      ),
    );
    const deadline = Date.now() + 30_000;
    while ((await counts())['coyote'] !== before + 20 && Date.now() < deadline) await sleep(20);
    expect((await counts())['coyote']).toBe(before + 20);
  });
});
