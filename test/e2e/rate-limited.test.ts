import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import { chatBody, messageBody, post } from './http-client.js';
import { settledById } from './settled.js';
import { openaiProvider, startTwoProviders } from './two-providers.js';

const pool = await startOpenAi();
const RING = ['sk-ring-a-0123456789', 'sk-ring-b-0123456789'];
const retries = { attempts: 1 };
const setup = await startTwoProviders({
  providers: { ring: { extends: 'openai', ...openaiProvider(pool, ...RING) } },
  models: {
    smart: { targets: ['openai/gpt-4o'], retries },
    thoughtful: { targets: ['anthropic/claude-sonnet-4-5'], retries },
    both: { targets: ['openai/gpt-4o', 'anthropic/claude-sonnet-4-5'], retries },
    ring: { targets: ['ring/gpt-4o'], retries },
  },
});
const { openai, anthropic, gateway } = setup;
beforeEach(() => {
  setup.reset();
  pool.reset();
});
afterAll(async () => {
  await setup.close();
  await pool.close();
});

const apis = [
  { path: '/v1/chat/completions', body: chatBody, own: 'smart', other: 'thoughtful' },
  { path: '/v1/messages', body: messageBody, own: 'thoughtful', other: 'smart' },
] as const;
const fakeOf = (model: string) => (model === 'smart' ? openai : anthropic);

describe.each(apis)(
  'a provider that rate-limits the gateway, asked by $path',
  ({ path, body, own, other }) => {
    const type = path === '/v1/messages' ? { type: 'error' } : {};

    it.each([false, true])('is quoted as it is in its own format (streamed: %s)', async (stream) => {
      fakeOf(own).always({ status: 429, headers: { 'retry-after': '17' }, error: { extra: 'kept' } });
      const { status, headers, json } = await post(gateway, path, body(own, { stream }));
      expect([status, headers.get('retry-after')]).toEqual([429, '17']);
      expect(json()).toMatchObject({
        ...type,
        error: { extra: 'kept', message: expect.stringMatching(/rate/i) },
      });
      expect(json()['error']).not.toMatchObject({ code: 'provider_rate_limited' });
    });

    it.each([false, true])(
      'is told apart from the gateway’s own limits in another format (streamed: %s)',
      async (stream) => {
        fakeOf(other).always({ status: 429, headers: { 'retry-after': '17' } });
        const { status, headers, json } = await post(gateway, path, body(other, { stream }));
        expect([status, headers.get('retry-after')]).toEqual([429, '17']);
        const message = expect.stringMatching(
          /^The provider "(openai|anthropic)" is rate-limiting this gateway\. It said: .*rate/i,
        );
        const error = { type: 'rate_limit_error', code: 'provider_rate_limited', message };
        expect(json()).toMatchObject({ ...type, error });
      },
    );

    it('needs not say it in JSON', async () => {
      fakeOf(own).always({
        status: 429,
        body: '<html>Too Many Requests</html>',
        headers: { 'content-type': 'text/html', 'retry-after': '5' },
      });
      const { status, headers, json } = await post(gateway, path, body(own));
      expect([status, headers.get('retry-after')]).toEqual([429, '5']);
      expect(headers.get('content-type')).toBe('application/json');
      expect(json()).toMatchObject({
        ...type,
        error: { type: 'rate_limit_error', code: 'provider_rate_limited' },
      });
      expect(json()).not.toHaveProperty('error.message', expect.stringContaining('<html>'));
    });

    it('may give the time in milliseconds, or none', async () => {
      fakeOf(other).next({ status: 429, headers: { 'retry-after-ms': '2500' } }, { status: 429 });
      const told = (await post(gateway, path, body(other))).headers.get('retry-after');
      const untold = (await post(gateway, path, body(other))).headers.get('retry-after');
      expect([told, untold]).toEqual(['3', null]);
    });

    it('is in the log by one code, whatever the client was told', async () => {
      for (const model of [own, other]) {
        fakeOf(model).next({ status: 429 });
        const { headers } = await post(gateway, path, body(model));
        const line = await settledById(gateway, headers.get('x-headgate-request-id'));
        expect(JSON.stringify(line)).toContain('provider_rate_limited');
      }
    });
  },
);

describe('when all that could answer is rate-limited', () => {
  it('the client hears of the last target', async () => {
    openai.always({ status: 429, headers: { 'retry-after': '60' } });
    anthropic.always({ status: 429, headers: { 'retry-after': '8' } });
    const { status, headers, json } = await post(gateway, '/v1/chat/completions', chatBody('both'));
    expect([status, headers.get('retry-after'), headers.get('x-headgate-attempts')]).toEqual([429, '8', '2']);
    expect(json()).toMatchObject({ error: { code: 'provider_rate_limited' } });
    expect(json()).toHaveProperty('error.message', expect.stringContaining('"anthropic"'));
  });

  it('every key is asked once a request, at last in the order in which they wake', async () => {
    for (const [i, key] of RING.entries())
      pool.forKey(key, { status: 429, headers: { 'retry-after': `${60 - i * 30}` } });
    const first = await post(gateway, '/v1/messages', messageBody('ring'));
    expect([first.status, first.json()]).toMatchObject([429, { error: { code: 'provider_rate_limited' } }]);
    expect(pool.received.map(({ key }) => key).toSorted()).toEqual(RING);
    const again = await post(gateway, '/v1/messages', messageBody('ring'));
    expect([again.status, again.headers.get('retry-after')]).toEqual([429, '60']);
    expect(pool.received.slice(2).map(({ key }) => key)).toEqual(RING.toReversed());
  });

  it('another failure after it counts instead', async () => {
    openai.always({ status: 429 });
    anthropic.always({ cutBeforeHead: true });
    const { status, json } = await post(gateway, '/v1/chat/completions', chatBody('both'));
    expect([status, json()]).toMatchObject([502, { error: { code: 'provider_unreachable' } }]);
  });
});
