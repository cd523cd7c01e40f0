import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { isObject, listOf } from '../fakes/json-value.js';
import { startOpenAi } from '../fakes/openai.js';
import type { Behaviour } from '../fakes/provider.js';
import { freePort } from './harness.js';
import { chatBody, messageBody, post } from './http-client.js';
import { settledById } from './settled.js';
import { sseEvents, sseJson } from './sse-text.js';
import { startTwoProviders } from './two-providers.js';

const groq = await startOpenAi();
const closedPort = await freePort();
// Pools of their own: a key that was refused rests for a while.
const keysOf = (pool: string): string[] => ['a', 'b', 'c'].map((letter) => `sk-${pool}-${letter}`);
const keyPool = (pool: string): object => ({
  extends: 'openai',
  base_url: `${groq.url}/v1`,
  keys: keysOf(pool).map((value) => ({ value })),
});
const quick = { attempts: 1, on: [429, '5xx', 'timeout', 'connection'] };
const targets = ['openai/gpt-4o', 'anthropic/claude-sonnet-4-5'];
const backoff = { initial: '50ms', max: '1500ms' };
const setup = await startTwoProviders({
  providers: {
    groq: { base_url: `${groq.url}/v1`, keys: [{ value: 'gsk-fake-0123456789' }] },
    dead: {
      extends: 'openai',
      base_url: `http://127.0.0.1:${closedPort}/v1`,
      keys: [{ value: 'sk-dead-0123456789' }],
    },
    ...Object.fromEntries(['429', '401', '403', 'all'].map((name) => [`pool-${name}`, keyPool(name)])),
  },
  models: {
    support: {
      targets,
      retries: quick,
      // Each test is about a request of its own: see test/gateway/ejection.test.ts for what they do to each other.
      ejection: 'off',
      timeouts: { connect: '500ms', first_byte: '300ms', idle: '1s', total: '5s' },
    },
    fast: { targets: ['groq/llama-3.3-70b-versatile'], retries: quick },
    'dead-first': { targets: ['dead/gpt-4o', 'anthropic/claude-sonnet-4-5'], retries: quick },
    'all-dead': { targets: ['dead/gpt-4o', 'dead/gpt-4o-mini'], retries: quick },
    patient: { targets: ['openai/gpt-4o'], retries: { attempts: 3, backoff } },
    // A model of its own: a key that its provider told to wait is not asked for that model by later requests either.
    'told-to-wait': { targets: ['openai/gpt-4o-mini'], retries: { attempts: 3, backoff } },
    ...Object.fromEntries(
      ['429', '401', '403', 'all'].map((name) => [
        `rotating-${name}`,
        { targets: [`pool-${name}/gpt-4o`], retries: { attempts: 1, backoff } },
      ]),
    ),
    shared: {
      strategy: 'weighted',
      targets: [
        { target: 'openai/gpt-4o', weight: 3 },
        { target: 'groq/llama', weight: 1 },
        { target: 'anthropic/never', weight: 0 },
      ],
      retries: quick,
    },
  },
});
const { openai, anthropic, gateway } = setup;

beforeEach(() => {
  setup.reset();
  groq.reset();
});
afterAll(async () => {
  await setup.close();
  await groq.close();
});

const streamedText = (text: string): string =>
  sseJson(text)
    .flatMap((chunk) => listOf(chunk['choices']))
    .map((choice) =>
      isObject(choice) && isObject(choice['delta']) ? (choice['delta']['content'] ?? '') : '',
    )
    .join('');

const failures: [what: string, behaviour: Behaviour][] = [
  ['429', { status: 429 }],
  ['500', { status: 500 }],
  ['503', { status: 503 }],
  ['a slow first byte', { hangAfter: 'head' }],
  ['a connection closed without an answer', { cutBeforeHead: true }],
  ['a connection reset without an answer', { cutBeforeHead: true, reset: true }],
];

describe('a model with OpenAI first and Anthropic as fallback', () => {
  it('asks OpenAI as long as OpenAI answers', async () => {
    const { headers, text } = await post(gateway, '/v1/chat/completions', chatBody('support'));
    expect(text).toContain('fake OpenAI');
    expect(headers.get('x-headgate-provider')).toBe('openai');
    expect(headers.get('x-headgate-attempts')).toBe('1');
    expect(anthropic.received).toHaveLength(0);
  });

  describe.each(failures)('after %s', (_, behaviour) => {
    it.each([false, true])('answers an OpenAI client from Anthropic (streamed: %s)', async (stream) => {
      openai.next(behaviour);
      const { status, headers, text } = await post(
        gateway,
        '/v1/chat/completions',
        chatBody('support', { stream }),
      );
      expect(status).toBe(200);
      expect(stream ? streamedText(text) : text).toContain('fake Anthropic');
      expect(headers.get('x-headgate-provider')).toBe('anthropic');
      expect(headers.get('x-headgate-model')).toBe('claude-sonnet-4-5');
      expect(headers.get('x-headgate-attempts')).toBe('2');
      if (stream) expect(sseEvents(text).at(-1)?.data).toBe('[DONE]');
      const line = await settledById(gateway, headers.get('x-headgate-request-id'));
      expect(line).toMatchObject({ outcome: 'ok' });
    });

    it('answers an Anthropic client from Anthropic', async () => {
      openai.next(behaviour);
      const { status, text } = await post(gateway, '/v1/messages', messageBody('support', { x_unknown: 1 }));
      expect(status).toBe(200);
      expect(text).toContain('fake Anthropic');
      // From the untouched original: what a translation to OpenAI's format lost for the first target is there again.
      expect(anthropic.received[0]?.json()['x_unknown']).toBe(1);
    });
  });

  it('goes past a refused connection', async () => {
    const { headers, text } = await post(gateway, '/v1/chat/completions', chatBody('dead-first'));
    expect(text).toContain('fake Anthropic');
    expect(headers.get('x-headgate-attempts')).toBe('2');
  });

  it('does not go past an error that another provider would give too', async () => {
    openai.next({ status: 400 });
    expect((await post(gateway, '/v1/chat/completions', chatBody('support'))).status).toBe(400);
    expect(anthropic.received).toHaveLength(0);
  });

  it('does not try again once the first byte has reached the client', async () => {
    openai.next({ cutAfterEvents: 2 });
    const { status, text } = await post(
      gateway,
      '/v1/chat/completions',
      chatBody('support', { stream: true }),
    );
    expect(status).toBe(200);
    expect(text).toContain('"error"');
    expect(openai.received.length + anthropic.received.length).toBe(1);
  });

  it('says why when all targets fail, with the last cause', async () => {
    openai.always({ status: 503 });
    anthropic.always({ status: 529 });
    const failed = await post(gateway, '/v1/chat/completions', chatBody('support'));
    expect(failed.status).toBeGreaterThanOrEqual(500);
    expect(failed.headers.get('x-headgate-attempts')).toBe('2');
    expect(failed.headers.get('x-headgate-provider')).toBe('anthropic');
    expect(failed.json()).toMatchObject({
      error: { message: expect.stringMatching(/overloaded|anthropic/i) },
    });
    const dead = await post(gateway, '/v1/messages', messageBody('all-dead'));
    expect(dead.status).toBe(502);
    expect(dead.json()).toMatchObject({ type: 'error', error: { message: expect.stringContaining('dead') } });
  });
});

describe('a second model on Groq', () => {
  it('is served by it', async () => {
    const { headers } = await post(gateway, '/v1/chat/completions', chatBody('fast'));
    expect(headers.get('x-headgate-provider')).toBe('groq');
    expect(groq.received[0]?.json()['model']).toBe('llama-3.3-70b-versatile');
    expect(groq.received[0]?.key).toBe('gsk-fake-0123456789');
  });
});

describe('retries at one target', () => {
  it('wait with a growing pause', async () => {
    openai.next({ status: 500 }, { cutBeforeHead: true });
    const { status, headers } = await post(gateway, '/v1/chat/completions', chatBody('patient'));
    expect(status).toBe(200);
    expect(headers.get('x-headgate-attempts')).toBe('3');
    expect(openai.received).toHaveLength(3);
    // Jitter may halve a pause or more; that there is one at all is what counts.
    const [first, , third] = openai.received.map((each) => each.at);
    expect((third ?? 0) - (first ?? 0)).toBeGreaterThan(10);
  });

  it.each([
    ['retry-after', '1', 950],
    ['retry-after-ms', '400', 380],
  ])('wait as long as %s says', async (name, value, atLeast) => {
    openai.next({ status: 429, headers: { [name]: value } });
    const { status } = await post(gateway, '/v1/chat/completions', chatBody('patient'));
    expect(status).toBe(200);
    const [first, second] = openai.received.map((each) => each.at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(atLeast);
  });

  it('end when retry-after asks for more than the longest pause, and the client learns how long', async () => {
    openai.always({ status: 429, headers: { 'retry-after': '120' } });
    const { status, headers } = await post(gateway, '/v1/chat/completions', chatBody('told-to-wait'));
    expect(status).toBe(429);
    expect(openai.received).toHaveLength(1);
    expect(headers.get('retry-after')).toBe('120');
  });

  it('end after as many attempts as configured', async () => {
    openai.always({ status: 500 });
    expect((await post(gateway, '/v1/chat/completions', chatBody('patient'))).status).toBeGreaterThanOrEqual(
      500,
    );
    expect(openai.received).toHaveLength(3);
  });
});

describe('the keys of a provider', () => {
  const rotate = async (pool: string) => {
    const { status } = await post(gateway, '/v1/chat/completions', chatBody(`rotating-${pool}`));
    return { status, keys: groq.received.map((each) => each.key) };
  };

  it.each([429, 401, 403])('take turns when one is refused with %i', async (status) => {
    const [first = '', second = '', good] = keysOf(`${status}`);
    for (const key of [first, second]) groq.forKey(key, { status });
    for (let i = 0; i < 12; i++) {
      const { status: got, keys } = await rotate(`${status}`);
      expect(got).toBe(200);
      expect(keys.at(-1)).toBe(good);
    }
    // Once is enough to learn that a key is refused: it rests instead of costing every third request an attempt.
    const refused = groq.received.filter((each) => each.key !== good).map((each) => each.key);
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused).size).toBe(refused.length);
  });

  it('are all tried before the request fails, none twice', async () => {
    groq.always({ status: 401 });
    const { status, keys } = await rotate('all');
    expect(status).toBe(502);
    expect(keys.toSorted()).toEqual(keysOf('all'));
  });
});

describe('weights', () => {
  it('share the traffic between targets', async () => {
    const asks = Array.from({ length: 80 }, () => post(gateway, '/v1/chat/completions', chatBody('shared')));
    for (const answer of await Promise.all(asks)) expect(answer.status).toBe(200);
    // Binomial, n = 80, p = 3/4: outside 40–78 once in far more than a million runs.
    expect(openai.received.length).toBeGreaterThan(40);
    expect(openai.received.length).toBeLessThan(79);
    expect(groq.received.length).toBe(80 - openai.received.length);
    expect(anthropic.received).toHaveLength(0);
  });

  it('share the traffic between keys', async () => {
    const weighted = await startTwoProviders({
      providers: {
        pool: {
          extends: 'openai',
          base_url: `${groq.url}/v1`,
          keys: [
            { value: 'sk-heavy', weight: 4 },
            { value: 'sk-light', weight: 1 },
            { value: 'sk-off', weight: 0 },
          ],
        },
      },
    });
    try {
      const asks = Array.from({ length: 80 }, () =>
        post(weighted.gateway, '/v1/chat/completions', chatBody('pool/gpt-4o')),
      );
      await Promise.all(asks);
      const count = (key: string): number => groq.received.filter((each) => each.key === key).length;
      expect(count('sk-heavy')).toBeGreaterThan(45);
      expect(count('sk-light')).toBeGreaterThan(1);
      expect(count('sk-off')).toBe(0);
    } finally {
      await weighted.close();
    }
  });
});
