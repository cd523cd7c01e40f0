import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KEY, startEveryUpstream } from './every-upstream.js';

const setup = await startEveryUpstream();
const { gateway } = setup;
const { fake, model } = setup.gemini;
const openai = new OpenAI({ apiKey: KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0, timeout: 10_000 });
const anthropic = new Anthropic({
  apiKey: KEY,
  authToken: null,
  baseURL: gateway.url,
  maxRetries: 0,
  timeout: 10_000,
});
const sunny = { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, cacheRead: 100, output: 7 } };
const long = { text: 'A long answer that is never told to its end, however long one waits.' };
const toolCalls = [
  { name: 'weather', arguments: '{"city":"Bern"}' },
  { name: 'weather', arguments: '{"city":"Lima"}' },
];
/** With members that Gemini's own schemas do not have. */
const parameters = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object' as const,
  properties: { city: { type: 'string' }, unit: { type: ['string', 'null'] } },
  required: ['city'],
  additionalProperties: false,
};
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

beforeEach(() => setup.reset());
afterAll(() => setup.close());

describe('the OpenAI SDK before a Gemini upstream', () => {
  const question: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hi, how is the weather?' },
  ];
  const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }];

  it('gets a whole answer with usage', async () => {
    fake.next({ answer: sunny });
    const { data, response } = await openai.chat.completions
      .create({ model, messages: question, temperature: 0.5, max_completion_tokens: 50, stop: ['END'] })
      .withResponse();
    expect(data.choices).toMatchObject([{ finish_reason: 'stop', message: { content: 'Sunny. ☀️ 22 °C' } }]);
    expect(data.usage).toMatchObject({ prompt_tokens: 120, completion_tokens: 7, total_tokens: 127 });
    expect(data.usage?.prompt_tokens_details?.cached_tokens).toBe(100);
    expect(response.headers.get('x-headgate-provider')).toBe('gemini');
    expect(response.headers.get('x-headgate-model')).toBe('gemini-2.5-flash');
    const sent = fake.received[0];
    expect(sent?.url).toBe('/v1beta/models/gemini-2.5-flash:generateContent');
    expect(sent?.headers['x-goog-api-key']).toBe('AIzaFake0123456789');
    expect(sent?.json()).toMatchObject({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      generationConfig: { temperature: 0.5, maxOutputTokens: 50, stopSequences: ['END'] },
    });
  });

  it.each([{}, { pieceBytes: 3 }])('streams an answer with usage (%o)', async (delivery) => {
    fake.next({ answer: sunny, ...delivery });
    const completion = await openai.chat.completions
      .stream({ model, messages: question, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect(completion.choices).toMatchObject([
      { finish_reason: 'stop', message: { content: 'Sunny. ☀️ 22 °C' } },
    ]);
    expect(completion.usage).toMatchObject({ prompt_tokens: 120, completion_tokens: 7 });
    expect(fake.received[0]?.url).toBe('/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse');
  });

  it.each([false, true])('calls tools and sends their results back (streamed: %s)', async (streamed) => {
    fake.next({ answer: { toolCalls, signature: 'c2lnbmF0dXJl' } });
    const ask = { model, messages: question, tools };
    const completion = streamed
      ? await openai.chat.completions.stream(ask).finalChatCompletion()
      : await openai.chat.completions.create(ask);
    const choice = completion.choices[0];
    expect(choice?.finish_reason).toBe('tool_calls');
    const calls = choice?.message.tool_calls ?? [];
    expect(calls).toMatchObject([{ function: { name: 'weather' } }, { function: { name: 'weather' } }]);
    expect(new Set(calls.map((call) => call.id)).size).toBe(2);

    const results = ['rain', 'fog'].map((content, i) => ({
      role: 'tool' as const,
      tool_call_id: calls[i]?.id ?? '',
      content,
    }));
    const said = { role: 'assistant' as const, content: null, tool_calls: calls };
    const answer = await openai.chat.completions.create({
      ...ask,
      messages: [...question, said, ...results],
    });
    expect(answer.choices[0]?.message.content).toContain('Hello from the fake Gemini');
    const sent = fake.received[1]?.body.toString() ?? '';
    for (const part of ['"functionCall"', '"functionResponse"', 'Bern', 'Lima', 'rain', 'fog'])
      expect(sent).toContain(part);
  });

  it('shows a picture and gets an object that fits its schema', async () => {
    fake.next({ answer: { text: '{"city":"Bern","degrees":22}' } });
    const City = z.object({ city: z.string(), degrees: z.number() });
    const completion = await openai.chat.completions.parse({
      model,
      messages: [
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } }],
        },
      ],
      response_format: zodResponseFormat(City, 'city'),
    });
    expect(completion.choices[0]?.message.parsed).toEqual({ city: 'Bern', degrees: 22 });
    expect(fake.received[0]?.json()).toMatchObject({
      contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: pixel } }] }],
      generationConfig: { responseMimeType: 'application/json' },
    });
  });

  it.each([
    [400, OpenAI.BadRequestError],
    [404, OpenAI.NotFoundError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ])('gets Google’s %i as the class it knows', async (status, kind) => {
    fake.always({ status });
    for (const stream of [false, true]) {
      const error: unknown = await openai.chat.completions
        .create({ model, messages: question, stream })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(kind);
    }
  });

  it('throws when the stream breaks off with an error, or without a word', async () => {
    for (const behaviour of [{ errorAfterEvents: 4 }, { cutAfterEvents: 4 }]) {
      fake.next({ ...behaviour, answer: long });
      const read = async (): Promise<void> => {
        const stream = await openai.chat.completions.create({ model, messages: question, stream: true });
        for await (const chunk of stream) void chunk;
      };
      await expect(read()).rejects.toThrow(OpenAI.APIError);
    }
  });

  it('stops the upstream when it aborts', async () => {
    fake.next({ hangAfter: 5, answer: long });
    const stream = await openai.chat.completions.create({ model, messages: question, stream: true });
    const request = await fake.request();
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await expect(request.gone).resolves.toBeGreaterThan(0);
  });
});

describe('the Anthropic SDK before a Gemini upstream', () => {
  const ask = {
    model,
    max_tokens: 300,
    system: 'Be brief.',
    messages: [{ role: 'user' as const, content: 'Hi, how is the weather?' }],
  };
  const tools = [{ name: 'weather', input_schema: parameters }];

  it.each([false, true])('gets an answer with usage (streamed: %s)', async (streamed) => {
    fake.next({ answer: sunny });
    const message = streamed
      ? await anthropic.messages.stream(ask).finalMessage()
      : await anthropic.messages.create(ask);
    expect(message).toMatchObject({ type: 'message', role: 'assistant', stop_reason: 'end_turn' });
    expect(message.content).toMatchObject([{ type: 'text', text: 'Sunny. ☀️ 22 °C' }]);
    expect(message.usage).toMatchObject({ input_tokens: 20, cache_read_input_tokens: 100, output_tokens: 7 });
    expect(fake.received[0]?.json()).toMatchObject({ generationConfig: { maxOutputTokens: 300 } });
  });

  it.each([false, true])('calls tools and sends their results back (streamed: %s)', async (streamed) => {
    fake.next({ answer: { text: 'Let me look.', toolCalls, signature: 'c2lnbmF0dXJl' } });
    const asked = { ...ask, tools };
    const message = streamed
      ? await anthropic.messages.stream(asked).finalMessage()
      : await anthropic.messages.create(asked);
    expect(message.stop_reason).toBe('tool_use');
    const uses = message.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
    expect(uses.map((use) => use.input)).toEqual([{ city: 'Bern' }, { city: 'Lima' }]);
    await anthropic.messages.create({
      ...asked,
      messages: [
        ...ask.messages,
        { role: 'assistant', content: message.content },
        {
          role: 'user',
          content: uses.map((use, i) => ({
            type: 'tool_result',
            tool_use_id: use.id,
            content: ['rain', 'fog'][i] ?? '',
          })),
        },
      ],
    });
    const sent = fake.received[1]?.body.toString() ?? '';
    for (const part of ['Let me look.', '"functionCall"', 'Bern', 'Lima', 'rain', 'fog'])
      expect(sent).toContain(part);
  });

  it('gets thoughts as thinking, and shows a picture', async () => {
    fake.always({
      answer: { thinking: 'Look outside.', text: 'Sunny.', usage: { output: 9, reasoning: 4 } },
    });
    const asked = {
      ...ask,
      max_tokens: 4000,
      thinking: { type: 'enabled' as const, budget_tokens: 2048 },
      messages: [
        {
          role: 'user' as const,
          content: [
            {
              type: 'image' as const,
              source: { type: 'base64' as const, media_type: 'image/png' as const, data: pixel },
            },
          ],
        },
      ],
    };
    for (const message of [
      await anthropic.messages.create(asked),
      await anthropic.messages.stream(asked).finalMessage(),
    ]) {
      expect(message.content).toMatchObject([
        { type: 'thinking', thinking: 'Look outside.' },
        { type: 'text', text: 'Sunny.' },
      ]);
      expect(message.usage.output_tokens).toBe(9);
    }
    expect(fake.received[0]?.json()).toMatchObject({
      contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: pixel } }] }],
      generationConfig: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } },
    });
  });

  it.each([
    [400, Anthropic.BadRequestError],
    [404, Anthropic.NotFoundError],
    [429, Anthropic.RateLimitError],
    [503, Anthropic.InternalServerError],
  ])('gets Google’s %i as the class it knows', async (status, kind) => {
    fake.always({ status });
    for (const stream of [false, true]) {
      const error: unknown = await anthropic.messages
        .create({ ...ask, stream })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(kind);
    }
  });

  it('throws when the stream breaks off with an error', async () => {
    fake.next({ errorAfterEvents: 4, answer: long });
    await expect(anthropic.messages.stream(ask).finalMessage()).rejects.toThrow(Anthropic.APIError);
  });

  it('counts tokens', async () => {
    const counted = await anthropic.messages.countTokens({ model, messages: ask.messages, tools });
    expect(counted.input_tokens).toBeGreaterThan(5);
  });
});
