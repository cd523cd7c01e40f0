import { request as httpRequest } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { FakeProvider } from '../fakes/provider.js';
import { chatBody, messageBody } from './http-client.js';
import { RawConnection, rawPost } from './raw-connection.js';
import { settled, settledLines } from './settled.js';
import { startTwoProviders } from './two-providers.js';

const WITHIN_MS = 100;
const backoff = { initial: '1s', max: '5s' };
const setup = await startTwoProviders({
  models: {
    smart: { targets: ['openai/gpt-4o'], retries: { attempts: 3, backoff } },
    thoughtful: { targets: ['anthropic/claude-sonnet-4-5'], retries: { attempts: 3, backoff } },
  },
});
const { openai, anthropic, gateway } = setup;

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const cases: { name: string; path: string; body: (more?: object) => object; fake: FakeProvider }[] = [
  {
    name: 'OpenAI to OpenAI',
    path: '/v1/chat/completions',
    body: (more) => chatBody('smart', more),
    fake: openai,
  },
  {
    name: 'OpenAI to Anthropic',
    path: '/v1/chat/completions',
    body: (more) => chatBody('thoughtful', more),
    fake: anthropic,
  },
  {
    name: 'Anthropic to Anthropic',
    path: '/v1/messages',
    body: (more) => messageBody('thoughtful', more),
    fake: anthropic,
  },
  {
    name: 'Anthropic to OpenAI',
    path: '/v1/messages',
    body: (more) => messageBody('smart', more),
    fake: openai,
  },
];

/** A client marked by a customer, so that its settled line can be found. */
function openRequest(path: string, body: object, customer: string): RawConnection {
  return new RawConnection(gateway.port).send(
    rawPost(path, JSON.stringify(body), [`x-headgate-metadata: customer=${customer}`]),
  );
}

const closedLine = (customer: string) => settled(gateway, (line) => line['customer'] === customer);
let number = 0;
const nextCustomer = (): string => `leaver-${++number}`;

describe.each(cases)('a client that leaves ($name)', ({ path, body, fake }) => {
  it.each([
    ['closing', false],
    ['resetting', true],
  ])('stops the upstream before the head of the answer (%s)', async (_, reset) => {
    fake.next({ hangAfter: 'head' });
    const customer = nextCustomer();
    const client = openRequest(path, body(), customer);
    const upstream = await fake.request();
    await sleep(30);
    const leftAt = performance.now();
    if (reset) client.socket.resetAndDestroy();
    else client.destroy();
    expect((await upstream.gone) - leftAt).toBeLessThan(WITHIN_MS);
    expect(await closedLine(customer)).toMatchObject({ outcome: 'client-closed' });
    // Nobody waits for it any more: no other attempt.
    expect(fake.received).toHaveLength(1);
  });

  it('stops the upstream in the middle of a stream', async () => {
    fake.next({ hangAfter: 4 });
    const customer = nextCustomer();
    const client = openRequest(path, body({ stream: true }), customer);
    const upstream = await fake.request();
    await client.until('data:');
    const leftAt = performance.now();
    client.destroy();
    expect((await upstream.gone) - leftAt).toBeLessThan(WITHIN_MS);
    expect(await closedLine(customer)).toMatchObject({ outcome: 'client-closed' });
  });

  it('stops the upstream in the middle of a whole answer', async () => {
    fake.next({ answer: { text: 'x'.repeat(200_000) }, pieceBytes: 1_000, hangAfter: 0 });
    const customer = nextCustomer();
    const client = openRequest(path, body(), customer);
    const upstream = await fake.request();
    await sleep(30);
    const leftAt = performance.now();
    client.destroy();
    expect((await upstream.gone) - leftAt).toBeLessThan(WITHIN_MS);
    expect(await closedLine(customer)).toMatchObject({ outcome: 'client-closed' });
  });

  it('while a retry is due gets no further attempt', async () => {
    fake.next({ status: 503 });
    const customer = nextCustomer();
    const client = openRequest(path, body(), customer);
    await fake.request();
    await sleep(50);
    client.destroy();
    expect(await closedLine(customer)).toMatchObject({ outcome: 'client-closed' });
    await sleep(1_300);
    expect(fake.received).toHaveLength(1);
  });
});

describe('a client that leaves', () => {
  it('while it sends its body costs no upstream request', async () => {
    const bytes = rawPost('/v1/chat/completions', JSON.stringify(chatBody('smart')));
    const client = new RawConnection(gateway.port).send(bytes.subarray(0, bytes.length - 10));
    await sleep(50);
    client.destroy();
    await sleep(150);
    expect(openai.received).toHaveLength(0);
  });

  it('after its whole answer is no client that left', async () => {
    const customer = nextCustomer();
    const client = openRequest('/v1/chat/completions', chatBody('smart'), customer);
    expect((await client.answer())?.status).toBe(200);
    client.destroy();
    expect(await closedLine(customer)).toMatchObject({ outcome: 'ok', status: 200 });
  });

  it('in a crowd leaves no upstream request behind', async () => {
    openai.always({ hangAfter: 2 });
    const crowd = Array.from({ length: 40 }, () =>
      openRequest('/v1/chat/completions', chatBody('smart', { stream: true }), 'crowd'),
    );
    await openai.request(40);
    await sleep(50);
    const leftAt = performance.now();
    for (const client of crowd) client.destroy();
    const gone = await Promise.all(openai.received.map((each) => each.gone));
    expect(Math.max(...gone) - leftAt).toBeLessThan(2 * WITHIN_MS);
    while (settledLines(gateway).filter((line) => line['customer'] === 'crowd').length < 40) await sleep(20);
    const outcomes = settledLines(gateway).filter((line) => line['customer'] === 'crowd');
    expect(new Set(outcomes.map((line) => line['outcome']))).toEqual(new Set(['client-closed']));
  });
});

describe('a client that stays', () => {
  it('is not disturbed by others that leave on the same upstream connections', async () => {
    openai.always({ delayBetweenMs: 20 });
    const stayed = new Promise<string>((resolve, reject) => {
      const request = httpRequest(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve(text));
        response.on('error', reject);
      });
      request.end(JSON.stringify(chatBody('smart', { stream: true })));
    });
    await openai.request();
    for (let i = 0; i < 5; i++) {
      const leaver = openRequest('/v1/chat/completions', chatBody('smart', { stream: true }), 'noise');
      await openai.request(i + 2);
      leaver.destroy();
    }
    expect(await stayed).toContain('[DONE]');
  });
});
