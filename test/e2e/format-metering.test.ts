import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { isObject, type Json, listOf } from '../fakes/json-value.js';
import { ADMIN, KEY, startEveryUpstream } from './every-upstream.js';
import { get, post } from './http-client.js';
import { settledById } from './settled.js';

const setup = await startEveryUpstream();
const { gateway, gemini, chat, responses, messages } = setup;
const bearer = { authorization: `Bearer ${KEY}` };
const goog = { 'x-goog-api-key': KEY };
const usage = { input: 1_000, cacheRead: 400, output: 100 };
/** US dollars for `usage`, cached tokens at their own price, by each model's list price. */
const COST = { 'by-gemini': 0.000442, 'by-chat': 0.003, 'by-responses': 0.003, 'by-messages': 0.00342 };

beforeEach(() => setup.reset());
afterAll(() => setup.close());

type Client = (
  model: string,
  stream: boolean,
) => { path: string; body: object; headers: Record<string, string> };

const clients: Record<string, Client> = {
  'Gemini’s format': (model, stream) => ({
    path: `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
    headers: goog,
  }),
  'Gemini’s format as an array': (model, stream) => ({
    path: `/genai/v1beta/models/${model}:${stream ? 'streamGenerateContent' : 'generateContent'}`,
    body: { contents: [{ parts: [{ text: 'Hi' }] }] },
    headers: goog,
  }),
  'the responses format': (model, stream) => ({
    path: '/v1/responses',
    body: { model, stream, input: 'Hi' },
    headers: bearer,
  }),
};
const upstreams = [gemini, chat, responses, messages];
const cases = Object.entries(clients).flatMap(([client, request]) =>
  upstreams.map((upstream) => ({ client, request, ...upstream })),
);

describe.each(cases)('a request in $client before $name', ({ request, model, target, fake }) => {
  it.each([false, true])('is counted and priced (streamed: %s)', async (stream) => {
    fake.always({ answer: { text: 'Hello there, you.', usage } });
    const { path, body, headers } = request(model, stream);
    const answer = await post(gateway, path, body, headers);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers.get('x-headgate-model')).toBe(target);
    expect(answer.headers.get('x-headgate-attempts')).toBe('1');
    const price = COST[model as keyof typeof COST];
    // A streamed answer's head is out before its cost is known.
    if (!stream) expect(Number(answer.headers.get('x-headgate-cost-usd'))).toBeCloseTo(price, 9);
    const line = await settledById(gateway, answer.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({
      model,
      target,
      outcome: 'ok',
      stream,
      input_tokens: 1_000,
      cached_tokens: 400,
      output_tokens: 100,
    });
    expect(Number(line['cost_usd'])).toBeCloseTo(price, 9);
  });
});

/** The totals of a customer in the store. */
async function rowOf(customer: string, requests: number): Promise<Json> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await get(gateway, '/api/usage?group_by=customer', { authorization: `Bearer ${ADMIN}` });
    const found = listOf(answer.json()['rows']).find((row) => isObject(row) && row['customer'] === customer);
    if (isObject(found) && Number(found['requests']) >= requests) return found;
    if (Date.now() > deadline) throw new Error(`not ${requests} requests of ${customer} in ${answer.text}`);
    await sleep(50);
  }
}

describe('the usage report', () => {
  it.each(upstreams)('has every request to $name, streamed ones too', async ({ model, fake }) => {
    fake.always({ answer: { text: 'Hello there, you.', usage } });
    for (const request of Object.values(clients)) {
      for (const stream of [false, true]) {
        const { path, body, headers } = request(model, stream);
        await post(gateway, path, body, { ...headers, 'x-headgate-metadata': `customer=${model}` });
      }
    }
    const requests = Object.keys(clients).length * 2;
    expect(await rowOf(model, requests)).toMatchObject({
      requests,
      errors: 0,
      input_tokens: requests * 1_000,
      cache_read_tokens: requests * 400,
      output_tokens: requests * 100,
      cost_nano: Math.round(requests * COST[model as keyof typeof COST] * 1e9),
      unpriced_requests: 0,
    });
  });
});

describe('a Gemini stream without alt=sse', () => {
  const long = { text: 'A long answer that is never told to its end, however long one waits.' };
  const ask = (model: string) =>
    post(
      gateway,
      `/v1beta/models/${model}:streamGenerateContent`,
      { contents: [{ parts: [{ text: 'Hi' }] }] },
      goog,
    );
  const elements = (text: string): Json[] => listOf(JSON.parse(text)).filter(isObject);
  const textOf = (pieces: Json[]): string =>
    pieces
      .flatMap((piece) => listOf(piece['candidates']))
      .flatMap((one) => (isObject(one) && isObject(one['content']) ? listOf(one['content']['parts']) : []))
      .map((part) => (isObject(part) ? String(part['text'] ?? '') : ''))
      .join('');

  it.each([gemini, chat, messages])('is one JSON array before $name', async ({ model, fake }) => {
    fake.next({ answer: { text: 'Sunny. ☀️ "22" °C' }, pieceBytes: 7 });
    const answer = await ask(model);
    expect(answer.headers.get('content-type')).toBe('application/json');
    const pieces = elements(answer.text);
    expect(pieces.length).toBeGreaterThan(2);
    expect(textOf(pieces)).toBe('Sunny. ☀️ "22" °C');
    expect(pieces.at(-1)).toMatchObject({
      candidates: [{ finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 10 },
    });
  });

  it.each([gemini, chat, messages])(
    'is still an array when $name breaks off, with the error as its last element',
    async ({ model, fake }) => {
      for (const behaviour of [{ errorAfterEvents: 5 }, { cutAfterEvents: 5 }]) {
        fake.next({ ...behaviour, answer: long });
        const pieces = elements((await ask(model)).text);
        expect(long.text.startsWith(textOf(pieces))).toBe(true);
        expect(pieces.at(-1)).toMatchObject({
          error: { code: expect.any(Number), status: expect.any(String) },
        });
      }
    },
  );

  it.each([
    ['alt=sse', 'text/event-stream'],
    ['$alt=sse', 'text/event-stream'],
    ['%24alt=sse', 'text/event-stream'],
    ['alt=json', 'application/json'],
    ['$alt=json%3Benum-encoding=int', 'application/json'],
    ['default=sse', 'application/json'],
  ])('asked with ?%s has content type %s', async (query, type) => {
    for (const { model } of [gemini, chat]) {
      const path = `/v1beta/models/${model}:streamGenerateContent?${query}`;
      const answer = await post(gateway, path, { contents: [{ parts: [{ text: 'Hi' }] }] }, goog);
      expect(answer.headers.get('content-type')).toBe(type);
      expect(answer.text.startsWith(type === 'application/json' ? '[' : 'data: ')).toBe(true);
    }
  });

  it('shows pieces while the upstream still talks', async () => {
    gemini.fake.next({ hangAfter: 3, answer: long });
    const abort = new AbortController();
    const response = await fetch(`${gateway.url}/v1beta/models/by-gemini:streamGenerateContent`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...goog },
      body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
      signal: abort.signal,
    });
    const first = await response.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toMatch(/^\[\s*\{"candidates"/);
    abort.abort();
    const request = await gemini.fake.request();
    await expect(request.gone).resolves.toBeGreaterThan(0);
  });
});
