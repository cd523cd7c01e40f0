import { type Cohere, CohereClientV2, CohereError } from 'cohere-ai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startCohere } from '../fakes/cohere.js';
import { degreesSchema, KEY, pixel, startBesideOpenAi, weatherSchema } from './beside-openai.js';
import { post } from './http-client.js';
import { describeKnownClients } from './known-clients.js';
import { usageOf } from './metered.js';
import { settledById } from './settled.js';
import { sseEvents } from './sse-text.js';

const setup = await startBesideOpenAi({
  start: startCohere,
  provider: 'cohere',
  target: 'command-a-03-2025',
  config: (fake) => ({
    base_url: fake.url,
    keys: [{ value: 'co-fake-0123456789' }],
    formats: { 'cohere-chat': '/v2/chat' },
  }),
});
const { gateway, native, openai, upstreams } = setup;
const clientAt = (environment: string, token = KEY): CohereClientV2 =>
  new CohereClientV2({ token, environment, maxRetries: 0 });
const client = clientAt(gateway.url);

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const messages: Cohere.ChatMessages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hi, how is the weather?' },
];
const tools: Cohere.ToolV2[] = [
  {
    type: 'function',
    function: { name: 'weather', description: 'The weather of a city', parameters: weatherSchema },
  },
];
const sunny = { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, output: 7 } };
const call = { id: 'id_1', name: 'weather', arguments: '{"city":"Zürich"}' };

/** What a client puts together from the events of a stream. */
async function read(stream: AsyncIterable<Cohere.V2ChatStreamResponse>): Promise<{
  types: string[];
  text: string;
  calls: Cohere.ToolCallV2[];
  end: Cohere.ChatMessageEndEventDelta | undefined;
}> {
  const types: string[] = [];
  const calls: Cohere.ToolCallV2[] = [];
  let text = '';
  let end: Cohere.ChatMessageEndEventDelta | undefined;
  for await (const event of stream) {
    types.push(event.type);
    if (event.type === 'content-delta') text += event.delta?.message?.content?.text ?? '';
    if (event.type === 'tool-call-start') {
      const { id, function: made } = event.delta?.message?.toolCalls ?? {};
      calls.push({ id: id ?? '', type: 'function', function: { name: made?.name ?? '', arguments: '' } });
    }
    if (event.type === 'tool-call-delta') {
      const made = calls[event.index ?? 0]?.function;
      if (made !== undefined) made.arguments += event.delta?.message?.toolCalls?.function?.arguments ?? '';
    }
    if (event.type === 'message-end') end = event.delta;
  }
  return { types, text, calls, end };
}

describe.each(upstreams)('the Cohere SDK before $name', ({ model, fake }) => {
  it('gets a whole answer with usage', async () => {
    fake.next({ answer: sunny });
    const answer = await client.chat({ model, messages, temperature: 0.5, maxTokens: 50, p: 0.9 });
    expect(answer.finishReason).toBe('COMPLETE');
    expect(answer.message.content).toEqual([{ type: 'text', text: sunny.text }]);
    expect(answer.usage?.billedUnits).toMatchObject({ inputTokens: 120, outputTokens: 7 });
    const sent = fake.received[0]?.json();
    expect(sent).toMatchObject({ temperature: 0.5, [fake === native ? 'p' : 'top_p']: 0.9 });
    expect(sent?.['model']).toBe(fake === native ? 'command-a-03-2025' : 'gpt-4o');
    expect(JSON.stringify(fake.received[0]?.rawHeaders)).not.toContain(KEY);
  });

  it('streams an answer cut at every few bytes', async () => {
    fake.next({ answer: sunny, pieceBytes: 7 });
    const { types, text, end } = await read(await client.chatStream({ model, messages }));
    expect(text).toBe(sunny.text);
    expect(types[0]).toBe('message-start');
    expect(types[1]).toBe('content-start');
    expect(types.slice(-2)).toEqual(['content-end', 'message-end']);
    expect(end?.finishReason).toBe('COMPLETE');
    expect(end?.usage?.billedUnits).toMatchObject({ inputTokens: 120, outputTokens: 7 });
  });

  it.each([false, true])('calls a tool and sends its result (streamed: %s)', async (streamed) => {
    fake.next({ answer: { text: 'I will look.', toolCalls: [call] } }, { answer: sunny });
    const asked = { model, messages, tools };
    let calls: Cohere.ToolCallV2[];
    if (streamed) {
      const seen = await read(await client.chatStream(asked));
      expect(seen.end?.finishReason).toBe('TOOL_CALL');
      calls = seen.calls;
    } else {
      const answer = await client.chat({ ...asked, toolChoice: 'REQUIRED' });
      expect(answer.finishReason).toBe('TOOL_CALL');
      expect(fake.received[0]?.json()['tool_choice']).toBe(fake === native ? 'REQUIRED' : 'required');
      calls = answer.message.toolCalls ?? [];
    }
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ id: 'id_1', function: { name: 'weather' } });
    expect(JSON.parse(calls[0]?.function?.arguments ?? '')).toEqual({ city: 'Zürich' });
    const second = await client.chat({
      ...asked,
      messages: [
        ...messages,
        { role: 'assistant', toolCalls: calls, toolPlan: 'I will look.' },
        { role: 'tool', toolCallId: 'id_1', content: 'rain' },
      ],
    });
    expect(second.message.content?.[0]).toMatchObject({ text: sunny.text });
    expect(fake.received[1]?.body.toString()).toContain('rain');
  });

  it('shows a picture', async () => {
    const url = `data:image/png;base64,${pixel}`;
    const content: Cohere.Content[] = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', imageUrl: { url, detail: 'low' } },
    ];
    await client.chat({ model, messages: [{ role: 'user', content }] });
    expect(fake.received[0]?.body.toString()).toContain(url);
  });

  it('gets an object that fits its JSON schema', async () => {
    fake.next({ answer: { text: '{"degrees":22}' } });
    const responseFormat = { type: 'json_object' as const, jsonSchema: degreesSchema };
    const answer = await client.chat({ model, messages, responseFormat });
    expect(answer.message.content?.[0]).toMatchObject({ text: '{"degrees":22}' });
    expect(JSON.stringify(fake.received[0]?.json()['response_format'])).toContain('"degrees"');
  });

  it.each([
    [400, 'BadRequestError'],
    [404, 'NotFoundError'],
    [429, 'TooManyRequestsError'],
  ])('gets the provider’s %i as the class it knows', async (status, name) => {
    fake.always({ status });
    for (const ask of [
      () => client.chat({ model, messages }),
      () => client.chatStream({ model, messages }),
    ]) {
      const error: unknown = await ask().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CohereError);
      if (!(error instanceof CohereError)) continue;
      expect(error.constructor.name).toBe(name);
      expect(error.statusCode).toBe(status);
      expect(error.body).toMatchObject({ message: expect.stringMatching(/.+/) });
    }
  });

  it.each([
    ['dies', { cutAfterEvents: 3 }],
    ['dies inside an event', { cutAfterBytes: 1_001 }],
    ['reports an error', { errorAfterEvents: 3 }],
  ])('is told at the end when the stream %s', async (_how, behaviour) => {
    fake.next({ answer: { text: 'x'.repeat(200) }, ...behaviour });
    const { types, end } = await read(await client.chatStream({ model, messages }));
    expect(types.at(-1)).toBe('message-end');
    expect(end?.finishReason).toBe('ERROR');
    expect(end?.error).toMatch(/.+/);
  });

  it('stops the upstream when it aborts', async () => {
    fake.next({ hangAfter: 4 });
    const aborter = new AbortController();
    const stream = await client.chatStream({ model, messages }, { abortSignal: aborter.signal });
    const request = await fake.request();
    aborter.abort();
    await expect(request.gone).resolves.toBeGreaterThan(0);
    await read(stream).catch(() => undefined);
  });

  it('has its stream metered', async () => {
    fake.next({ answer: sunny, pieceBytes: 11 });
    const customer = `cohere-${model}`;
    const answer = await post(
      gateway,
      '/cohere/v2/chat',
      { model, stream: true, messages: [{ role: 'user', content: 'Hi' }] },
      { authorization: `Bearer ${KEY}`, 'x-headgate-metadata': `customer=${customer}` },
    );
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(answer.headers.get('x-headgate-provider')).toBe(fake === native ? 'cohere' : 'openai');
    expect(sseEvents(answer.text).some(({ event }) => event === 'message-end')).toBe(true);
    expect(answer.text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
    const line = await settledById(gateway, answer.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ outcome: 'ok', input_tokens: 120, output_tokens: 7, stream: true });
    expect(JSON.stringify(await usageOf(gateway, customer, 1))).toContain('120');
  });
});

describe('the Cohere SDK', () => {
  it('is told at the end when the stream falls silent', async () => {
    native.next({ hangAfter: 4 });
    const { end } = await read(await client.chatStream({ model: 'hasty', messages }));
    expect(end).toMatchObject({ finishReason: 'ERROR', error: expect.stringMatching(/.+/) });
    await expect((await native.request()).gone).resolves.toBeGreaterThan(0);
  });

  it('gets its stream from OpenAI when Cohere fails', async () => {
    native.next({ status: 503 });
    openai.next({ answer: sunny });
    const { text, end } = await read(await client.chatStream({ model: 'either', messages }));
    expect([text, end?.finishReason]).toEqual([sunny.text, 'COMPLETE']);
    expect([native.received.length, openai.received.length]).toEqual([1, 1]);
  });

  it('gets the gateway’s own errors as the classes it knows', async () => {
    const error: unknown = await clientAt(gateway.url, 'hg-nobody-0123456789')
      .chat({ model: 'native', messages })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ statusCode: 401, body: { message: expect.stringMatching(/.+/) } });
    expect((error as Error).constructor.name).toBe('UnauthorizedError');
    expect(native.received.length + openai.received.length).toBe(0);
  });

  it('keeps members that only Cohere knows', async () => {
    await clientAt(`${gateway.url}/cohere`).chat({
      model: 'native',
      messages,
      documents: [{ data: { title: 'Weather', text: 'It rains.' } }],
      safetyMode: 'STRICT',
    });
    expect(native.received[0]?.json()).toMatchObject({
      documents: [{ data: { title: 'Weather', text: 'It rains.' } }],
      safety_mode: 'STRICT',
    });
  });
});

describeKnownClients(setup, 'a Cohere upstream');
