import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isObject, listOf } from '../fakes/json-value.js';
import { KEY, startEveryUpstream } from './every-upstream.js';

const setup = await startEveryUpstream();
const { gateway, gemini, chat, responses, messages } = setup;
const client = new OpenAI({ apiKey: KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0, timeout: 10_000 });
const weather = {
  type: 'function' as const,
  name: 'weather',
  description: 'The weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  strict: true,
};
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const sunny = { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, cacheRead: 100, output: 7 } };
const long = { text: 'A long answer that is never told to its end, however long one waits.' };
const counts = {
  input_tokens: 120,
  input_tokens_details: { cached_tokens: 100 },
  output_tokens: 7,
  total_tokens: 127,
};

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const argumentsOf = (response: OpenAI.Responses.Response): [string, unknown][] =>
  response.output.flatMap((item): [string, unknown][] =>
    item.type === 'function_call' ? [[item.call_id, JSON.parse(item.arguments)]] : [],
  );

describe.each([responses, chat, messages, gemini])('the OpenAI SDK’s responses before $name', (upstream) => {
  const { model, target, fake } = upstream;
  const ask = { model, instructions: 'Be brief.', input: 'Hi, how is the weather?' };

  it('get a whole answer with usage', async () => {
    fake.next({ answer: sunny });
    const { data, response, request_id } = await client.responses
      .create({ ...ask, temperature: 0.5, max_output_tokens: 50 })
      .withResponse();
    expect(data).toMatchObject({ object: 'response', status: 'completed', error: null });
    expect(data.output_text).toBe('Sunny. ☀️ 22 °C');
    expect(data.model).toBe(target);
    expect(data.usage).toMatchObject(counts);
    expect(request_id).toBeTruthy();
    expect(response.headers.get('x-headgate-request-id')).toBeTruthy();
    expect(response.headers.get('x-headgate-attempts')).toBe('1');
    expect(Number(response.headers.get('x-headgate-cost-usd'))).toBeGreaterThan(0);
    const sent = fake.received[0];
    expect(sent?.body.toString()).toContain('Be brief.');
    expect(sent?.body.toString()).toContain('0.5');
    expect(sent?.url).toBe(
      {
        'by-gemini': '/v1beta/models/gemini-2.5-flash:generateContent',
        'by-chat': '/v1/chat/completions',
        'by-responses': '/v1/responses',
        'by-messages': '/v1/messages',
      }[model],
    );
  });

  it.each([{}, { pieceBytes: 5 }])(
    'stream an answer in the documented order of events (%o)',
    async (delivery) => {
      fake.next({ answer: sunny, ...delivery });
      const types: string[] = [];
      const numbers: number[] = [];
      const stream = client.responses.stream(ask).on('event', (event) => {
        if (types.at(-1) !== event.type) types.push(event.type);
        numbers.push(event.sequence_number);
      });
      const final = await stream.finalResponse();
      expect(final.output_text).toBe('Sunny. ☀️ 22 °C');
      expect(final.usage).toMatchObject(counts);
      expect(types).toEqual([
        'response.created',
        'response.in_progress',
        'response.output_item.added',
        'response.content_part.added',
        'response.output_text.delta',
        'response.output_text.done',
        'response.content_part.done',
        'response.output_item.done',
        'response.completed',
      ]);
      expect(numbers).toEqual(numbers.map((_, index) => index));
    },
  );

  it('say that the cap on tokens was reached', async () => {
    const finish = { 'by-gemini': 'MAX_TOKENS', 'by-chat': 'length', 'by-messages': 'max_tokens' }[model];
    fake.always({ answer: { text: 'It was a', finish: finish ?? 'max_output_tokens' } });
    const whole = await client.responses.create(ask);
    const streamed = await client.responses.stream(ask).finalResponse();
    for (const answer of [whole, streamed]) {
      expect(answer).toMatchObject({
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output_text: 'It was a',
      });
    }
  });

  it.each([false, true])(
    'are told to call tools side by side after some text (streamed: %s)',
    async (streamed) => {
      const toolCalls = [
        { id: 'id_a', name: 'weather', arguments: '{"city":"Bern"}' },
        { id: 'id_b', name: 'weather', arguments: '{"city":"Lima","unit":"°C"}' },
      ];
      fake.next({ answer: { text: 'Let me look.', toolCalls } });
      const asked = { ...ask, tools: [weather], tool_choice: 'required' as const };
      const answer = streamed
        ? await client.responses.stream(asked).finalResponse()
        : await client.responses.create(asked);
      expect(answer.status).toBe('completed');
      expect(answer.output_text).toBe('Let me look.');
      expect(argumentsOf(answer)).toEqual([
        ['id_a', { city: 'Bern' }],
        ['id_b', { city: 'Lima', unit: '°C' }],
      ]);
      expect(listOf(fake.received[0]?.json()['tools'])).toHaveLength(1);
    },
  );

  it('send the results of tools back', async () => {
    const call = (call_id: string, city: string) => ({
      type: 'function_call' as const,
      call_id,
      name: 'weather',
      arguments: JSON.stringify({ city }),
    });
    const answer = await client.responses.create({
      model,
      tools: [weather],
      input: [
        { role: 'user', content: 'How is the weather?' },
        { role: 'assistant', content: 'Let me look.' },
        call('id_a', 'Bern'),
        call('id_b', 'Lima'),
        { type: 'function_call_output', call_id: 'id_a', output: 'rain' },
        { type: 'function_call_output', call_id: 'id_b', output: [{ type: 'input_text', text: 'fog' }] },
        { role: 'user', content: [{ type: 'input_text', text: 'And which is nicer?' }] },
      ],
    });
    // The fakes refuse turns in which a call stays unanswered or the order is wrong.
    expect(answer.output_text).toContain('Hello from the fake');
    const sent = fake.received[0]?.body.toString() ?? '';
    for (const part of ['Bern', 'Lima', 'rain', 'fog', 'And which is nicer?']) expect(sent).toContain(part);
  });

  it('show pictures, inside the request and by address', async () => {
    await client.responses.create({
      model,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: `data:image/png;base64,${pixel}`, detail: 'low' },
            { type: 'input_image', image_url: 'https://example.com/cat.png', detail: 'auto' },
          ],
        },
      ],
    });
    const sent = fake.received[0]?.body.toString() ?? '';
    expect(sent).toContain(pixel);
    expect(sent).toContain('https://example.com/cat.png');
    expect(sent.includes('data:image')).toBe(upstream === chat || upstream === responses);
  });

  it('get an object that fits its JSON schema', async () => {
    const City = z.object({ city: z.string(), degrees: z.number() });
    fake.next({ answer: { text: '{"city":"Bern","degrees":22}' } });
    const answer = await client.responses.parse({
      ...ask,
      text: { format: zodTextFormat(City, 'city_weather') },
    });
    expect(answer.output_parsed).toEqual({ city: 'Bern', degrees: 22 });
    const sent = fake.received[0]?.json() ?? {};
    const field = {
      'by-gemini': 'generationConfig',
      'by-chat': 'response_format',
      'by-responses': 'text',
      'by-messages': 'output_config',
    }[model];
    expect(JSON.stringify(sent[field ?? ''])).toContain('"degrees"');
  });

  it('get the reasoning apart from the answer', async () => {
    fake.always({ answer: { thinking: 'Look outside.', text: 'Sunny.' } });
    const asked = { ...ask, reasoning: { effort: 'medium' as const, summary: 'auto' as const } };
    for (const answer of [
      await client.responses.create(asked),
      await client.responses.stream(asked).finalResponse(),
    ]) {
      expect(answer.output.map((item) => item.type)).toEqual(['reasoning', 'message']);
      expect(JSON.stringify(answer.output[0])).toContain('Look outside.');
      expect(answer.output_text).toBe('Sunny.');
    }
  });

  it.each([
    [400, OpenAI.BadRequestError],
    [404, OpenAI.NotFoundError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ])('get the provider’s %i as the class they know, with a request id', async (status, kind) => {
    fake.always({ status });
    for (const stream of [false, true]) {
      const error: unknown = await client.responses.create({ ...ask, stream }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(kind);
      if (!(error instanceof OpenAI.APIError)) continue;
      expect(error.requestID).toBeTruthy();
      expect(isObject(error.error) && typeof error.error['message']).toBe('string');
    }
  });

  it('throw when the stream breaks off with an error of the provider', async () => {
    fake.next({ errorAfterEvents: 6, answer: long });
    const read = async (): Promise<void> => {
      for await (const event of await client.responses.create({ ...ask, stream: true })) void event;
    };
    await expect(read()).rejects.toThrow(OpenAI.APIError);
  });

  it('stop the upstream when they abort in the middle of a stream', async () => {
    fake.next({ hangAfter: 6, answer: long });
    const stream = await client.responses.create({ ...ask, stream: true });
    const request = await fake.request();
    for await (const event of stream) if (event.type === 'response.output_text.delta') break;
    await expect(request.gone).resolves.toBeGreaterThan(0);
  });
});

describe('the OpenAI SDK’s responses', () => {
  it('keep what only OpenAI knows on the way to OpenAI', async () => {
    const more = { store: false, truncation: 'auto' as const, prompt_cache_key: 'k1', metadata: { a: 'b' } };
    await client.responses.create({ model: responses.model, input: 'Hi', ...more });
    expect(responses.fake.received[0]?.json()).toEqual({ model: 'gpt-4o', input: 'Hi', ...more });
  });

  it('get the gateway’s own errors as the classes they know', async () => {
    const ask = (apiKey: string, model: string) =>
      client
        .withOptions({ apiKey })
        .responses.create({ model, input: 'Hi' })
        .catch((error: unknown) => error);
    expect(await ask('hg-nobody-0123456789', responses.model)).toBeInstanceOf(OpenAI.AuthenticationError);
    const unknown = await ask(KEY, 'by-repsonses');
    expect(unknown).toBeInstanceOf(OpenAI.NotFoundError);
    expect(unknown).toMatchObject({ code: 'model_not_found' });
    expect(responses.fake.received).toHaveLength(0);
  });
});
