import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { definePlugin, reply } from '@headgate/sdk';
import { streamText } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { chatBody, messageBody } from '../e2e/http-client.js';
import { startOpenAi } from '../fakes/openai.js';
import { behind, embed, json } from './embedded.js';

const KEY = 'hg-embedded-key-0123456789';
const openai = await startOpenAi();
const gateway = await embed({
  config: {
    auth: { required: false },
    server: { body_limit: '64kb' },
    providers: behind(openai),
    models: { smart: { targets: ['openai/gpt-4o'] } },
    keys: [{ name: 'narrow', value: KEY, models: ['mock/*'] }],
  },
  plugins: [
    definePlugin({
      name: 'echo',
      version: '1.0.0',
      setup(host) {
        host.route('POST', '/back', ({ body }) => ({ type: 'raw', status: 200, headers: [], body }));
        return {
          identify: (view) =>
            view.headers.get('x-refuse') === undefined
              ? undefined
              : reply.error('permission', 'no_entry', 'No entry.'),
        };
      },
    }),
  ],
});
const chat = (more: object = {}, init: RequestInit = {}): Promise<Response> =>
  gateway.fetch('/v1/chat/completions', json(chatBody('openai/gpt-4o', more), init));
const code = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { error: { code: string } }).error.code;

beforeEach(() => openai.reset());
afterAll(async () => {
  await gateway.close();
  await openai.close();
});

describe('fetch of a gateway without a port', () => {
  it('answers from the mock provider', async () => {
    const response = await gateway.fetch('/v1/chat/completions', json(chatBody('mock/hello')));
    expect(response.status).toBe(200);
    expect(response.headers.get('x-headgate-provider')).toBe('mock');
    expect(await response.json()).toMatchObject({ object: 'chat.completion' });
  });

  it('streams', async () => {
    openai.next({ answer: { text: 'One two three, ünï ☀️.' } });
    const response = await chat({ stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const text = await response.text();
    expect(text.match(/^data: /gm)?.length).toBeGreaterThan(3);
    expect(text).toContain('☀️');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('gives events to the reader as they come, not at the end', async () => {
    openai.next({ hangAfter: 2 });
    const leave = new AbortController();
    const response = await chat({ stream: true }, { signal: leave.signal });
    const first = await response.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toContain('data: ');
    leave.abort();
  });

  it('takes a path, a URL of any host, and a Request', async () => {
    const address = 'https://api.example.com/v1/chat/completions?beta=1';
    for (const input of ['v1/chat/completions', address, new URL(address)])
      expect((await gateway.fetch(input, json(chatBody('openai/gpt-4o')))).status).toBe(200);
    const request = new Request(address, json(chatBody('openai/gpt-4o')));
    expect((await gateway.fetch(request)).status).toBe(200);
    await expect(gateway.fetch(request)).rejects.toThrow(TypeError);
    expect(openai.received).toHaveLength(4);
  });

  it('takes a body that comes in pieces, and is not disturbed when their memory is used again', async () => {
    const bytes = Buffer.from(JSON.stringify(chatBody('openai/gpt-4o', { user: 'ünï' })));
    const piece = new Uint8Array(16);
    let at = 0;
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (at >= bytes.length) return controller.close();
        const length = Math.min(piece.length, bytes.length - at);
        piece.set(bytes.subarray(at, at + length));
        at += length;
        controller.enqueue(piece.subarray(0, length));
      },
    });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect((await gateway.fetch('/v1/chat/completions', init)).status).toBe(200);
    expect((await openai.request()).json()).toMatchObject({ model: 'gpt-4o', user: 'ünï' });
  });

  it('gives a reader memory of its own', async () => {
    openai.next({ answer: { text: 'Mine.' } });
    const bodies = [(await chat()).body, (await chat({ stream: true })).body];
    for (const body of bodies) {
      const value = (await body?.getReader().read())?.value ?? new Uint8Array(1);
      expect(value.byteOffset).toBe(0);
      expect(value.buffer.byteLength).toBe(value.byteLength);
      expect(() => structuredClone(value.buffer, { transfer: [value.buffer as ArrayBuffer] })).not.toThrow();
    }
  });

  it('fills buffers that a reader brings', async () => {
    openai.next({ answer: { text: 'Mine.' } });
    const reader = (await chat({ stream: true })).body?.getReader({ mode: 'byob' });
    let text = '';
    for (;;) {
      const read = await reader?.read(new Uint8Array(100));
      if (read === undefined || read.done) break;
      text += Buffer.from(read.value ?? []).toString('latin1');
    }
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('serves the routes of plugins, their bytes unchanged', async () => {
    const bytes = Uint8Array.from([0, 255, 128, 10]);
    const response = await gateway.fetch('/plugins/echo/back', { method: 'POST', body: bytes });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  });

  it('adds up usage', async () => {
    const before = (await (await gateway.fetch('/api/usage?group_by=customer')).json()) as object;
    expect(JSON.stringify(before)).not.toContain('acme');
    openai.next({ answer: { text: 'x', usage: { input: 100, output: 50 } } });
    const headers = { 'x-headgate-metadata': 'customer=acme' };
    const answer = await chat({}, { headers });
    expect(Number(answer.headers.get('x-headgate-cost-usd'))).toBeGreaterThan(0);
    const usage = await (await gateway.fetch('/api/usage?group_by=customer')).json();
    expect(usage).toMatchObject({
      rows: expect.arrayContaining([
        expect.objectContaining({ customer: 'acme', requests: 1, input_tokens: 100, output_tokens: 50 }),
      ]),
    });
  });
});

describe('errors are answers', () => {
  it.each([
    ['broken JSON', { method: 'POST', body: '{' }, 400, 'invalid_json'],
    ['no model', json({ messages: [] }), 400, 'model_required'],
    ['an unknown model', json(chatBody('nothing')), 404, 'model_not_found'],
    [
      'a model that the key may not use',
      json(chatBody('openai/gpt-4o'), { headers: { authorization: `Bearer ${KEY}` } }),
      403,
      'model_not_allowed',
    ],
    [
      'a plugin that refuses',
      json(chatBody('mock/hello'), { headers: { 'x-refuse': '1' } }),
      403,
      'no_entry',
    ],
    ['too much', json(chatBody('mock/hello', { user: 'x'.repeat(70_000) })), 413, 'body_too_large'],
  ])('%s', async (_, init, status, expected) => {
    const response = await gateway.fetch('/v1/chat/completions', init);
    expect([response.status, await code(response)]).toEqual([status, expected]);
    expect(openai.received).toHaveLength(0);
  });

  it('and a body without end is given up at the limit', async () => {
    let given = 0;
    let cancelled: (() => void) | undefined;
    const stopped = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const body = new ReadableStream({
      pull: (controller) => {
        given += 1024;
        controller.enqueue(new Uint8Array(1024));
      },
      cancel: () => cancelled?.(),
    });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    const response = await gateway.fetch('/v1/chat/completions', init);
    expect([response.status, await code(response)]).toEqual([413, 'body_too_large']);
    await stopped;
    expect(given).toBeLessThan(80 * 1024);
  });

  it('also those of the provider, in its words', async () => {
    openai.next({ status: 400, error: { message: 'Bad weather.' } });
    const response = await chat();
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('Bad weather.');
  });

  it('even with a status or a header that a Response cannot have', async () => {
    openai.next({ status: 999 });
    expect((await chat()).status).toBe(502);
  });
});

describe('SDKs that are handed fetch', () => {
  const client = new OpenAI({
    baseURL: 'http://headgate/v1',
    apiKey: 'none',
    fetch: gateway.fetch,
    maxRetries: 0,
  });

  it('the one of OpenAI gets a whole answer, a stream, and errors as its own', async () => {
    openai.always({ answer: { text: 'Sunny.' } });
    const messages = [{ role: 'user' as const, content: 'Weather?' }];
    const whole = await client.chat.completions.create({ model: 'openai/gpt-4o', messages });
    expect(whole.choices[0]?.message.content).toBe('Sunny.');
    let text = '';
    for await (const chunk of await client.chat.completions.create({
      model: 'openai/gpt-4o',
      messages,
      stream: true,
    }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('Sunny.');
    await expect(client.chat.completions.create({ model: 'nothing', messages })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    expect((await client.models.list()).data.map(({ id }) => id)).toContain('smart');
  });

  it('the one of OpenAI stops the provider when its stream is left', async () => {
    openai.next({ hangAfter: 3 });
    const stream = await client.chat.completions.create({
      model: 'openai/gpt-4o',
      messages: [{ role: 'user', content: 'Weather?' }],
      stream: true,
    });
    for await (const _ of stream) break;
    await (await openai.request()).gone;
  });

  it('the one of Anthropic gets a translated stream', async () => {
    openai.always({ answer: { text: 'Sunny.' } });
    const anthropic = new Anthropic({ baseURL: 'http://headgate', apiKey: 'none', fetch: gateway.fetch });
    const { model, messages, max_tokens } = messageBody('openai/gpt-4o') as Anthropic.MessageCreateParams;
    const message = await anthropic.messages.stream({ model, messages, max_tokens }).finalMessage();
    expect(message.content).toMatchObject([{ type: 'text', text: 'Sunny.' }]);
  });

  it('the AI SDK streams text', async () => {
    openai.always({ answer: { text: 'Sunny.' } });
    const provider = createOpenAICompatible({
      name: 'headgate',
      baseURL: 'http://headgate/v1',
      fetch: gateway.fetch,
    });
    expect(await streamText({ model: provider('openai/gpt-4o'), prompt: 'Weather?' }).text).toBe('Sunny.');
  });
});
