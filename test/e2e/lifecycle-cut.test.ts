import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import { type Headgate, type StartOptions, startHeadgate } from './harness.js';
import { chatBody, messageBody, post } from './http-client.js';
import { pluginFile } from './plugin-file.js';
import { RawConnection } from './raw-connection.js';
import { settledLines } from './settled.js';
import { sseEvents, sseJson } from './sse-text.js';
import { storedRequests } from './stored.js';
import { openaiProvider } from './two-providers.js';

const openai = await startOpenAi();
const config = {
  providers: { openai: openaiProvider(openai) },
  models: { smart: { targets: ['openai/gpt-4o'], retries: { attempts: 2, backoff: { initial: '9s' } } } },
};

beforeEach(() => openai.reset());
afterAll(() => openai.close());

async function start(options: StartOptions): Promise<Headgate> {
  const gateway = await startHeadgate(options);
  onTestFinished(() => gateway.kill());
  return gateway;
}

const stream = { stream: true };
const chat = (gateway: Headgate, more?: object) =>
  post(gateway, '/v1/chat/completions', chatBody('smart', more));
const message = (gateway: Headgate, more?: object) =>
  post(gateway, '/v1/messages', messageBody('smart', more));

describe.each([1, 2])('a gateway with %i I/O threads that waits no longer', (threads) => {
  const args = ['--threads', String(threads)];

  /** One of each: streams as they came and translated, whole answers, one in the pause before its next try. */
  async function ask(gateway: Headgate) {
    openai.always({ hangAfter: 3 });
    const streams = [chat(gateway, stream), message(gateway, stream)];
    await openai.request(2);
    // The events that come before the silence.
    await sleep(300);
    openai.always({ hangAfter: 'head' });
    const whole = [chat(gateway), message(gateway)];
    await openai.request(4);
    openai.always({ status: 500 });
    whole.push(chat(gateway));
    await openai.request(5);
    await sleep(200);
    return { streams: Promise.all(streams), whole: Promise.all(whole) };
  }

  async function expectTold({ streams, whole }: Awaited<ReturnType<typeof ask>>): Promise<void> {
    const [chatStream, messageStream] = await streams;
    expect(sseJson(chatStream?.text ?? '').at(-1)).toMatchObject({ error: { code: 'gateway_stopping' } });
    expect(sseJson(chatStream?.text ?? '').length).toBeGreaterThan(1);
    const last = sseEvents(messageStream?.text ?? '').at(-1);
    expect(last?.event).toBe('error');
    expect(JSON.parse(last?.data ?? '')).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining('stopping') },
    });
    const answers = await whole;
    expect(answers.map((answer) => answer.status)).toEqual([503, 503, 503]);
    expect(answers[0]?.json()).toMatchObject({ error: { code: 'gateway_stopping' } });
    expect(answers[1]?.json()).toMatchObject({ type: 'error' });
    expect(answers[2]?.json()).toMatchObject({ error: { code: 'gateway_stopping' } });
  }

  async function expectRecorded(gateway: Headgate): Promise<void> {
    const cut = { outcome: 'error', error: 'gateway_stopping' };
    expect(await storedRequests(gateway.dataDir)).toMatchObject([cut, cut, cut, cut, cut]);
    expect(settledLines(gateway)).toHaveLength(5);
  }

  it('tells the clients after the drain time, each in the words of its API, and records them', async () => {
    const gateway = await start({ config: { ...config, server: { drain_timeout: '700ms' } }, args });
    const asked = await ask(gateway);
    process.kill(gateway.pid, 'SIGTERM');
    await expectTold(asked);
    expect(await gateway.exited).toEqual({ code: 1, signal: null });
    await expectRecorded(gateway);
    for (const request of openai.received.slice(0, 4)) await request.gone;
  });

  it('does the same at once when a second signal comes, and says so', async () => {
    const gateway = await start({ config, args });
    const asked = await ask(gateway);
    process.kill(gateway.pid, 'SIGINT');
    await sleep(700);
    expect(gateway.stderr()).toContain('SIGINT: no new requests');
    process.kill(gateway.pid, 'SIGTERM');
    await expectTold(asked);
    expect(await gateway.exited).toEqual({ code: 1, signal: null });
    expect(gateway.stderr()).toMatch(/^headgate: SIGTERM again: /m);
    await expectRecorded(gateway);
  });
});

// Only what was asking a provider was told: an upload that had not ended, or a request whose gate was still thinking, had its
// connection cut without a word, and left no record.
it('a gateway that waits no longer tells requests that nobody was asked for yet', async () => {
  const thinks = pluginFile(
    'setup: () => ({ request: { timeoutMs: 60000, handler: () => new Promise(() => undefined) } })',
  );
  const gateway = await start({
    config: { ...config, server: { drain_timeout: '500ms' }, plugins: [{ use: thinks }] },
  });
  const thinking = chat(gateway);
  const slow = ['wrong-path-of-nothing', 'chat/completions'].map((path) =>
    new RawConnection(gateway.port).send(
      `POST /v1/${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"model":`,
    ),
  );
  await sleep(300);
  process.kill(gateway.pid, 'SIGTERM');
  const stopping = { error: { code: 'gateway_stopping' } };
  const { status, json } = await thinking;
  expect([status, json()]).toMatchObject([503, stopping]);
  for (const connection of slow) {
    const answer = await connection.answer();
    expect([answer?.status, JSON.parse(answer?.body ?? '')]).toMatchObject([503, stopping]);
  }
  expect(await gateway.exited).toEqual({ code: 1, signal: null });
  const cut = { outcome: 'error', error: 'gateway_stopping', attempts: [] };
  expect(await storedRequests(gateway.dataDir)).toMatchObject([cut, cut, cut]);
});

describe('signals', () => {
  // From a terminal Ctrl-C goes to the whole group, and npm passes on what it got: the gateway hears it twice.
  it('count as one when they come together', async () => {
    const gateway = await start({ config });
    openai.next({ delayBetweenMs: 150 });
    const streamed = chat(gateway, stream);
    await openai.request();
    for (let i = 0; i < 3; i++) {
      process.kill(gateway.pid, 'SIGINT');
      await sleep(30);
    }
    expect((await streamed).text).toContain('[DONE]');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
  });

  it('end a gateway whose stop does not come to an end, at the third', async () => {
    const stuck = pluginFile(
      'setup() { return {}; }, close: () => new Promise((end) => setTimeout(end, 4500))',
    );
    const gateway = await start({ config: { ...config, plugins: [{ use: stuck }] } });
    process.kill(gateway.pid, 'SIGINT');
    await sleep(600);
    process.kill(gateway.pid, 'SIGINT');
    await sleep(600);
    process.kill(gateway.pid, 'SIGINT');
    expect(await gateway.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
