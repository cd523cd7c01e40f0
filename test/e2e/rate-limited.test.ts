import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import { chatBody, messageBody, post } from './http-client.js';
import { settledById } from './settled.js';
import { openaiProvider, startTwoProviders } from './two-providers.js';

const pool = await startOpenAi();
const RING = ['sk-ring-a-0123456789', 'sk-ring-b-0123456789'];
const retries = { attempts: 1 };
/** A provider's limit is remembered by model: each test has models of its own. */
const numbered = (name: string, ...targets: string[]): object =>
  Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [
      `${name}-${i}`,
      { targets: targets.map((one) => `${one}-${i}`), retries },
    ]),
  );
const setup = await startTwoProviders({
  providers: { ring: { extends: 'openai', ...openaiProvider(pool, ...RING) } },
  models: {
    ...numbered('smart', 'openai/gpt-4o'),
    ...numbered('thoughtful', 'anthropic/claude-sonnet-4-5'),
    ...numbered('both', 'openai/gpt-both', 'anthropic/claude-both'),
    ring: { targets: ['ring/gpt-4o'], retries },
    other: { targets: ['ring/gpt-4o-mini'], retries },
    patient: { targets: ['ring/gpt-patient'], retries: { attempts: 2 } },
  },
});
let used = 0;
const fresh = (name: string): string => `${name}-${used++ % 30}`;
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
const fakeOf = (model: string) => (model.startsWith('smart') ? openai : anthropic);

describe.each(apis)(
  'a provider that rate-limits the gateway, asked by $path',
  ({ path, body, own, other }) => {
    const type = path === '/v1/messages' ? { type: 'error' } : {};

    it.each([false, true])('is quoted as it is in its own format (streamed: %s)', async (stream) => {
      fakeOf(own).always({ status: 429, headers: { 'retry-after': '17' }, error: { extra: 'kept' } });
      const { status, headers, json } = await post(gateway, path, body(fresh(own), { stream }));
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
        const { status, headers, json } = await post(gateway, path, body(fresh(other), { stream }));
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
      const { status, headers, json } = await post(gateway, path, body(fresh(own)));
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
      const told = (await post(gateway, path, body(fresh(other)))).headers.get('retry-after');
      const untold = (await post(gateway, path, body(fresh(other)))).headers.get('retry-after');
      expect([told, untold]).toEqual(['3', null]);
    });

    it('is in the log by one code, whatever the client was told', async () => {
      for (const model of [own, other]) {
        fakeOf(model).next({ status: 429 });
        const { headers } = await post(gateway, path, body(fresh(model)));
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
    const { status, headers, json } = await post(gateway, '/v1/chat/completions', chatBody(fresh('both')));
    expect([status, headers.get('retry-after'), headers.get('x-headgate-attempts')]).toEqual([429, '8', '2']);
    expect(json()).toMatchObject({ error: { code: 'provider_rate_limited' } });
    expect(json()).toHaveProperty('error.message', expect.stringContaining('"anthropic"'));
  });

  it('every key is asked once; after that nobody is, until the first of them wakes', async () => {
    for (const [i, key] of RING.entries())
      pool.forKey(key, { status: 429, headers: { 'retry-after': `${60 - i * 30}` } });
    const first = await post(gateway, '/v1/messages', messageBody('ring'));
    expect([first.status, first.json()]).toMatchObject([429, { error: { code: 'provider_rate_limited' } }]);
    expect(pool.received.map(({ key }) => key).toSorted()).toEqual(RING);
    const again = await post(gateway, '/v1/messages', messageBody('ring'));
    expect([again.status, again.headers.get('retry-after')]).toEqual([429, '30']);
    expect(again.json()).toMatchObject({
      error: { code: 'provider_rate_limited', message: expect.stringContaining('"ring"') },
    });
    expect(pool.received).toHaveLength(2);
    const line = await settledById(gateway, again.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ attempts: 0 });
  });

  it('a limit is that of one model', async () => {
    expect((await post(gateway, '/v1/messages', messageBody('other'))).status).toBe(200);
  });

  it('one that rests is passed over for the next target', async () => {
    const model = fresh('both');
    openai.next({ status: 429, headers: { 'retry-after': '60' } });
    const attempts: (string | null)[] = [];
    for (let i = 0; i < 2; i++) {
      const { status, headers } = await post(gateway, '/v1/chat/completions', chatBody(model));
      expect(status).toBe(200);
      attempts.push(headers.get('x-headgate-attempts'));
    }
    expect(attempts).toEqual(['2', '1']);
    expect(openai.received).toHaveLength(1);
  });

  it('a request waits for a rest that is short, where its retries would', async () => {
    for (const key of RING) pool.forKey(key, { status: 429, headers: { 'retry-after-ms': '400' } });
    const first = post(gateway, '/v1/chat/completions', chatBody('patient'));
    await pool.request(2);
    for (const key of RING) pool.forKey(key, {});
    const second = await post(gateway, '/v1/chat/completions', chatBody('patient'));
    expect([(await first).status, second.status]).toEqual([200, 200]);
    expect(second.headers.get('x-headgate-attempts')).toBe('1');
  });

  it('another failure after it counts instead', async () => {
    openai.always({ status: 429 });
    anthropic.always({ cutBeforeHead: true });
    const { status, json } = await post(gateway, '/v1/chat/completions', chatBody(fresh('both')));
    expect([status, json()]).toMatchObject([502, { error: { code: 'provider_unreachable' } }]);
  });
});
