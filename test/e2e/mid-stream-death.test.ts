import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Behaviour, FakeProvider } from '../fakes/provider.js';
import { type Answered, chatBody, messageBody, post } from './http-client.js';
import { settledById } from './settled.js';
import { sseEvents } from './sse-text.js';
import { startTwoProviders } from './two-providers.js';

const timeouts = { first_byte: '2s', idle: '400ms', total: '10s' };
const retries = { attempts: 1 };
const setup = await startTwoProviders({
  models: {
    smart: { targets: ['openai/gpt-4o'], timeouts, retries },
    thoughtful: { targets: ['anthropic/claude-sonnet-4-5'], timeouts, retries },
    hasty: { targets: ['openai/gpt-4o'], timeouts: { ...timeouts, total: '600ms' }, retries },
  },
});
const { openai, anthropic, gateway } = setup;

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const deaths: [what: string, behaviour: Behaviour][] = [
  ['closes the connection', { cutAfterEvents: 4 }],
  // With a pause, since a reset takes back what was not read yet.
  ['resets the connection', { cutAfterEvents: 4, reset: true, delayBetweenMs: 20 }],
  ['closes the connection inside an event', { cutAfterBytes: 700 }],
  ['ends the answer without its end marker', { events: [], noTerminator: true }],
  ['falls silent', { hangAfter: 4 }],
  ['falls silent after the head', { hangAfter: 0 }],
  ['reports an error of its own', { errorAfterEvents: 4 }],
];

const pairs: { client: 'OpenAI' | 'Anthropic'; upstream: string; model: string; fake: FakeProvider }[] = [
  { client: 'OpenAI', upstream: 'OpenAI', model: 'smart', fake: openai },
  { client: 'OpenAI', upstream: 'Anthropic', model: 'thoughtful', fake: anthropic },
  { client: 'Anthropic', upstream: 'Anthropic', model: 'thoughtful', fake: anthropic },
  { client: 'Anthropic', upstream: 'OpenAI', model: 'smart', fake: openai },
];

const streamOf = (client: 'OpenAI' | 'Anthropic', model: string): Promise<Answered> =>
  client === 'OpenAI'
    ? post(gateway, '/v1/chat/completions', chatBody(model, { stream: true }))
    : post(gateway, '/v1/messages', messageBody(model, { stream: true }));

function expectErrorEvent(client: 'OpenAI' | 'Anthropic', text: string): void {
  const events = sseEvents(text);
  const last = events.at(-1);
  const body: unknown = JSON.parse(last?.data ?? '');
  const message = expect.stringMatching(/.+/);
  if (client === 'OpenAI') {
    expect(body).toMatchObject({ error: { message, type: message } });
    expect(text).not.toContain('[DONE]');
  } else {
    expect(last?.event).toBe('error');
    expect(body).toMatchObject({ type: 'error', error: { type: message, message } });
    expect(text).not.toContain('message_stop');
  }
}

describe.each(pairs)('an $upstream upstream before a client of $client', ({ client, model, fake }) => {
  it.each(deaths)('that %s ends in an error event of the client’s API', async (what, behaviour) => {
    // "Without its end marker" has to lack the finish reason too: a stream that has one is complete.
    const events =
      behaviour.events === undefined ? {} : { events: fake === openai ? openEvents : openMessage };
    fake.next({ ...behaviour, ...events });
    const answer = await streamOf(client, model);
    // Before anything was streamed the gateway may still answer with a status instead.
    if (answer.status !== 200) {
      expect(what).toBe('falls silent after the head');
      expect(answer.status).toBe(504);
      expect(answer.json()).toHaveProperty('error');
    } else {
      expectErrorEvent(client, answer.text);
    }
    const line = await settledById(gateway, answer.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ outcome: 'error' });
    expect(fake.received).toHaveLength(1);
  });
});

const openEvents = ['Hel', 'lo'].map(
  (content) =>
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`,
);
const openMessage = [
  'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"c","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}\n\n',
  'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n',
];

describe('an upstream that dies before its head, with nothing to fall back on', () => {
  it.each([
    ['/v1/chat/completions', chatBody('smart', { stream: true })],
    ['/v1/messages', messageBody('smart', { stream: true })],
  ])('is an error with a status at %s', async (path, body) => {
    openai.next({ cutBeforeHead: true });
    const answer = await post(gateway, path, body);
    expect(answer.status).toBe(502);
    expect(answer.json()).toMatchObject({ error: { message: expect.stringContaining('openai') } });
  });
});

describe('a whole answer that is cut', () => {
  it.each([
    ['/v1/chat/completions', chatBody('smart')],
    ['/v1/messages', messageBody('smart')],
    ['/v1/chat/completions', chatBody('thoughtful')],
  ])('is never passed off as complete at %s', async (path, body) => {
    openai.next({ cutAfterBytes: 100 });
    anthropic.next({ cutAfterBytes: 100 });
    const read = await post(gateway, path, body).then(
      (answer) => ({ status: answer.status, text: answer.text }),
      () => 'the connection was cut' as const,
    );
    // Bytes that were passed on cannot be called back: then the connection ends early. Otherwise it is an error.
    if (read !== 'the connection was cut') {
      expect(read.status).toBe(502);
      expect(JSON.parse(read.text)).toHaveProperty('error');
    }
  });
});

describe('the total time', () => {
  it('ends a stream that goes on and on', async () => {
    openai.next({ answer: { text: 'x'.repeat(2_000) }, delayBetweenMs: 50 });
    const answer = await streamOf('OpenAI', 'hasty');
    expectErrorEvent('OpenAI', answer.text);
    await expect((await openai.request()).gone).resolves.toBeGreaterThan(0);
  });
});

describe('the SDKs', () => {
  it('throw when the stream breaks', async () => {
    openai.next({ cutAfterEvents: 3 });
    anthropic.next({ cutAfterEvents: 4 });
    const options = { maxRetries: 0, apiKey: 'none' };
    const openaiStream = new OpenAI({ ...options, baseURL: `${gateway.url}/v1` }).chat.completions.stream({
      model: 'smart',
      messages: [{ role: 'user', content: 'Hi' }],
    });
    await expect(openaiStream.finalChatCompletion()).rejects.toBeInstanceOf(OpenAI.APIError);
    const anthropicStream = new Anthropic({ ...options, baseURL: gateway.url }).messages.stream({
      model: 'thoughtful',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    await expect(anthropicStream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIError);
  });
});
