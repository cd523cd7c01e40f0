import { setTimeout as sleep } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { RawConnection } from '../e2e/raw-connection.js';
import { settledById } from '../e2e/settled.js';
import { startAnthropic } from '../fakes/anthropic.js';
import { startOpenAi } from '../fakes/openai.js';
import { NOISE } from '../fakes/openai-platform.js';
import { KEY, NARROW, OPENAI_KEY, SECOND_KEYS, startTwoAccounts, TIED } from './setup.js';

const chats = await startOpenAi();
const claude = await startAnthropic();
const setup = await startTwoAccounts({
  providers: {
    chats: { extends: 'openai', base_url: `${chats.url}/v1`, keys: [{ value: 'sk-chats-0123456789' }] },
    anthropic: { base_url: claude.url, keys: [{ value: 'sk-ant-0123456789' }] },
  },
});
const { openai, second, gateway } = setup;
const auth = { authorization: `Bearer ${KEY}` };
const at = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${gateway.url}/passthrough${path}`, { ...init, headers: { ...auth, ...init.headers } });

beforeEach(() => {
  setup.reset();
  chats.reset();
  claude.reset();
});
afterAll(async () => {
  await setup.close();
  await chats.close();
  await claude.close();
});

describe('a request to /passthrough/{provider}/', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'passes with the method %s',
    async (method) => {
      openai.next({ body: NOISE, headers: { 'content-type': 'application/x-noise', etag: '"1"' } });
      const answer = await at('/openai/any/thing', { method });
      expect([answer.status, answer.headers.get('content-type'), answer.headers.get('etag')]).toEqual([
        200,
        'application/x-noise',
        '"1"',
      ]);
      expect(Buffer.from(await answer.arrayBuffer()).equals(NOISE)).toBe(true);
      expect(openai.received[0]).toMatchObject({ method, url: '/v1/any/thing' });
    },
  );

  it('passes HEAD with the headers and without a body', async () => {
    openai.next({ body: 'x'.repeat(1000), headers: { 'content-type': 'text/plain' } });
    const connection = new RawConnection(gateway.port).send(
      `HEAD /passthrough/openai/files/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\n\r\n`,
    );
    const answer = await connection.answer({ head: true });
    expect([answer?.status, answer?.headers['content-length']]).toEqual([200, '1000']);
    // The connection is in step.
    connection.send('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n');
    expect((await connection.answer())?.status).toBe(200);
    connection.destroy();
  });

  it.each([204, 304])('passes %i without a body', async (status) => {
    openai.next({ body: '', status });
    const answer = await at('/openai/files/1');
    expect([answer.status, await answer.text()]).toEqual([status, '']);
  });

  it('keeps path and query as they are, with or without the version of the base URL', async () => {
    for (const path of [
      '/openai/v1/a%2Fb/c%20d?x[]=1&x[]=%2F&y=a+b&&=z',
      '/openai/a%2Fb/c%20d?x[]=1&x[]=%2F&y=a+b&&=z',
    ])
      await at(path);
    const sent = '/v1/a%2Fb/c%20d?x[]=1&x[]=%2F&y=a+b&&=z';
    expect(openai.received.map(({ url }) => url)).toEqual([sent, sent]);
  });

  it('has the provider’s credentials and none of the client’s', async () => {
    await at('/openai/files', {
      headers: {
        cookie: `session=${KEY}`,
        'x-api-key': KEY,
        'x-forwarded-for': '10.1.2.3',
        'x-headgate-metadata': 'customer=acme',
        'openai-organization': 'org-1',
        'openai-beta': 'assistants=v2',
      },
    });
    const [{ headers, key } = {} as never] = openai.received;
    expect(key).toBe(OPENAI_KEY);
    expect(JSON.stringify(headers)).not.toContain(KEY);
    expect(headers).not.toHaveProperty('x-forwarded-for');
    expect(headers).not.toHaveProperty('x-headgate-metadata');
    expect(headers).toMatchObject({ 'openai-organization': 'org-1', 'openai-beta': 'assistants=v2' });
    expect(headers).not.toHaveProperty('content-type');
  });

  it('is metered where the body is of a known form: JSON', async () => {
    const client = new OpenAI({ apiKey: KEY, baseURL: `${gateway.url}/passthrough/chats/v1`, maxRetries: 0 });
    const { data, response } = await client.chat.completions
      .create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] })
      .withResponse();
    expect(data.choices[0]?.message.content).toContain('Hello');
    expect(Number(response.headers.get('x-headgate-cost-usd'))).toBeGreaterThan(0);
    const line = await settledById(gateway, response.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ operation: 'chat', provider: 'chats', target: 'gpt-4o', stream: false });
    expect(Number(line['input_tokens'])).toBe(data.usage?.prompt_tokens);
  });

  it('is metered where the body is of a known form: a stream', async () => {
    const client = new Anthropic({
      apiKey: KEY,
      baseURL: `${gateway.url}/passthrough/anthropic`,
      maxRetries: 0,
    });
    const { data: stream, response } = await client.messages
      .create({
        model: 'claude-sonnet-4-5',
        max_tokens: 50,
        stream: true,
        messages: [{ role: 'user', content: 'Hi' }],
      })
      .withResponse();
    let output = 0;
    for await (const event of stream) if (event.type === 'message_delta') output = event.usage.output_tokens;
    expect(output).toBeGreaterThan(0);
    const line = await settledById(gateway, response.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ operation: 'chat', stream: true, output_tokens: output });
    expect(line['cost_usd']).not.toBeNull();
  });

  it('goes to another key of the provider when one is refused or limited, and is said to be ours when all are', async () => {
    second.next({ status: 401 }, { body: '{}' });
    expect((await at('/second/files')).status).toBe(200);
    expect(new Set(second.received.map(({ key }) => key))).toEqual(new Set(SECOND_KEYS));
    second.reset();
    second.always({ status: 401 });
    const answer = await at('/second/files');
    expect([answer.status, await answer.json()]).toMatchObject([
      502,
      { error: { code: 'provider_refused_key' } },
    ]);
  });

  it('does not take a key for a bad one because a path is forbidden', async () => {
    openai.next({ status: 403 });
    expect((await at('/openai/organization/users')).status).toBe(403);
    expect((await at('/openai/files')).status).toBe(200);
  });

  it('stops its provider when the client leaves', async () => {
    openai.next({
      body: Buffer.alloc(50_000_000),
      headers: { 'content-type': 'video/mp4' },
      pieceBytes: 65_536,
    });
    const aborter = new AbortController();
    const answer = await at('/openai/videos/1/content', { signal: aborter.signal });
    await answer.body?.getReader().read();
    // The client does not read on: neither does anybody else. What two sockets hold differs from machine to machine.
    await sleep(300);
    const [request] = openai.received;
    expect(request?.bytesSent).toBeLessThan(35_000_000);
    aborter.abort();
    await request?.gone;
  });

  it('is cut where the provider’s answer is', async () => {
    openai.next({
      body: Buffer.alloc(500_000),
      cutAfterBytes: 200_000,
      headers: { 'content-type': 'video/mp4' },
    });
    const answer = await at('/openai/videos/1/content');
    await expect(answer.arrayBuffer()).rejects.toThrow();
  });
});

describe('what may not pass', () => {
  const codes = async (answer: Response): Promise<unknown> => [
    answer.status,
    ((await answer.json()) as { error: { code: string } }).error.code,
  ];

  it('is an unknown provider, with the nearest name', async () => {
    const answer = await at('/opneai/files');
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('Did you mean \\"openai\\"?');
  });

  it('is a path that leaves the provider’s base', async () => {
    for (const path of [
      '/passthrough/openai/../admin',
      '/passthrough/openai/a/%2e%2E/b',
      '/passthrough/openai/a\\..\\b',
    ]) {
      const connection = new RawConnection(gateway.port).send(
        `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\n\r\n`,
      );
      expect((await connection.answer())?.status, path).toBe(400);
      connection.destroy();
    }
    expect(openai.received).toEqual([]);
  });

  it('is anything without a key, or with one that may not', async () => {
    expect(await codes(await at('/openai/files', { headers: { authorization: '' } }))).toEqual([
      401,
      'key_required',
    ]);
    expect(
      await codes(await at('/openai/files', { headers: { authorization: 'Bearer hg-wrong-0123456789' } })),
    ).toEqual([401, 'key_unknown']);
    const narrow = { headers: { authorization: `Bearer ${NARROW}` } };
    expect(await codes(await at('/openai/files', narrow))).toEqual([403, 'forward_not_allowed']);
    expect(await codes(await fetch(`${gateway.url}/v1/files`, narrow))).toEqual([403, 'forward_not_allowed']);
    const tied = { headers: { authorization: `Bearer ${TIED}` } };
    expect(await codes(await at('/openai/files', tied))).toEqual([403, 'forward_not_allowed']);
    expect((await at('/second/files', tied)).status).toBe(200);
    expect(openai.received).toEqual([]);
  });

  it('leaves a key with a list of models these models, on every path', async () => {
    const ask = (model: string): Promise<Response> =>
      fetch(`${gateway.url}/v1/audio/speech`, {
        method: 'POST',
        headers: { authorization: `Bearer ${NARROW}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model, voice: 'alloy', input: 'Hi' }),
      });
    expect((await ask('voice')).status).toBe(200);
    expect(await codes(await ask('painter'))).toEqual([403, 'model_not_allowed']);
  });

  it('is a model request in disguise', async () => {
    for (const path of [
      '/v1/chat/completions/',
      '/v1//chat/completions',
      '/v1/chat%2Fcompletions',
      '/v1/Chat/Completions',
    ]) {
      const answer = await fetch(`${gateway.url}${path}`, {
        method: 'POST',
        headers: { ...auth, 'content-type': 'application/json' },
        body: '{"model":"gpt-4o","messages":[]}',
      });
      expect([404, 400], path).toContain(answer.status);
    }
    expect(openai.received).toEqual([]);
  });

  it('is a path of an API that the provider does not speak', async () => {
    const answer = await fetch(`${gateway.url}/v1/messages/batches`, {
      headers: { ...auth, 'anthropic-version': '2023-06-01', 'x-headgate-provider': 'openai' },
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { type: 'error', error: { type: 'not_found_error' } },
    ]);
  });
});
