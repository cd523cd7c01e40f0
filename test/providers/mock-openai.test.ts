import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockServer, startMockServer } from '../../plugins/providers/mock/server.js';

let server: MockServer;
let client: OpenAI;
beforeAll(async () => {
  server = await startMockServer({ port: 0 });
  client = new OpenAI({ apiKey: 'any', baseURL: `http://127.0.0.1:${server.port}/v1`, maxRetries: 0 });
});
afterAll(() => server.close());

const user = (content: string) => [{ role: 'user' as const, content }];
const tool = (name: string) => ({
  type: 'function' as const,
  function: {
    name,
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        unit: { enum: ['c', 'f'] },
        days: { type: 'integer', minimum: 2 },
      },
      required: ['city'],
    },
  },
});

async function chunksOf(body: Omit<OpenAI.ChatCompletionCreateParamsStreaming, 'stream'>) {
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true }))
    chunks.push(chunk);
  return chunks;
}

describe('the mock as OpenAI, seen by the openai package', () => {
  it('answers a chat with usage that adds up', async () => {
    const answer = await client.chat.completions.create({ model: 'hello', messages: user('Hi') });
    expect(answer.object).toBe('chat.completion');
    expect(answer.id).toMatch(/^chatcmpl-\w{29}$/);
    expect(answer.model).toBe('hello');
    expect(answer.choices[0]?.message.content).toContain('mock model');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    const usage = answer.usage;
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  });

  it('echoes the last user message, the same text streamed and not', async () => {
    const messages = [
      { role: 'system' as const, content: 'x' },
      ...user('first'),
      ...user('Grüße, 世界 🌍!'),
    ];
    const whole = await client.chat.completions.create({ model: 'mock/echo', messages });
    const chunks = await chunksOf({ model: 'mock/echo', messages });
    expect(whole.choices[0]?.message.content).toBe('Grüße, 世界 🌍!');
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Grüße, 世界 🌍!');
  });

  it('streams role first, then content, then the finish reason, and usage last only when asked', async () => {
    const plain = await chunksOf({ model: 'hello', messages: user('Hi') });
    expect(plain[0]?.choices[0]?.delta).toMatchObject({ role: 'assistant', content: '' });
    expect(plain.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(plain.some((chunk) => 'usage' in chunk)).toBe(false);

    const metered = await chunksOf({
      model: 'hello',
      messages: user('Hi'),
      stream_options: { include_usage: true },
    });
    const last = metered.at(-1);
    expect(last?.choices).toEqual([]);
    expect(last?.usage?.completion_tokens).toBe(plain.length - 2);
    expect(metered.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  it('calls every offered tool at once with arguments that fit, streamed and not', async () => {
    const body = { model: 'tool-call', messages: user('Weather?'), tools: [tool('weather'), tool('time')] };
    const answer = await client.chat.completions.create(body);
    expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
    expect(answer.choices[0]?.message.content).toBeNull();
    const calls = answer.choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => call.type === 'function' && call.function.name)).toEqual(['weather', 'time']);
    for (const call of calls)
      expect(JSON.parse(call.type === 'function' ? call.function.arguments : '')).toEqual({
        city: 'example city',
        unit: 'c',
        days: 2,
      });

    const streamed = await client.chat.completions.stream({ ...body }).finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls?.map((call) => call.function.arguments)).toEqual(
      calls.map((call) => call.type === 'function' && call.function.arguments),
    );
  });

  it('obeys tool_choice and parallel_tool_calls', async () => {
    const tools = [tool('weather'), tool('time')];
    const named = await client.chat.completions.create({
      model: 'hello',
      messages: user('x'),
      tools,
      tool_choice: { type: 'function', function: { name: 'time' } },
    });
    expect(named.choices[0]?.message.tool_calls).toHaveLength(1);
    const none = await client.chat.completions.create({
      model: 'tool-call',
      messages: user('x'),
      tools,
      tool_choice: 'none',
    });
    expect(none.choices[0]?.finish_reason).toBe('stop');
    const one = await client.chat.completions.create({
      model: 'tool-call',
      messages: user('x'),
      tools,
      parallel_tool_calls: false,
    });
    expect(one.choices[0]?.message.tool_calls).toHaveLength(1);
  });

  it('ends an agent’s loop once the tool has answered', async () => {
    const answer = await client.chat.completions.create({
      model: 'tool-call',
      tools: [tool('weather')],
      messages: [
        ...user('Weather?'),
        {
          role: 'assistant',
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: '21 degrees' },
      ],
    });
    expect(answer.choices[0]?.message.content).toBe('The tool answered: 21 degrees');
  });

  it('fits a JSON schema when one is asked for', async () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' }, minItems: 2 },
      },
      required: ['name', 'tags'],
      additionalProperties: false,
    };
    const answer = await client.chat.completions.create({
      model: 'hello',
      messages: user('x'),
      response_format: { type: 'json_schema', json_schema: { name: 'thing', schema, strict: true } },
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({
      name: 'example name',
      tags: ['example tags', 'example tags'],
    });
  });

  it('stops at max_tokens, at a stop sequence, and refuses when told to', async () => {
    const short = await client.chat.completions.create({ model: 'long', messages: user('x'), max_tokens: 7 });
    expect(short.choices[0]?.finish_reason).toBe('length');
    expect(short.usage?.completion_tokens).toBe(7);
    const stopped = await client.chat.completions.create({
      model: 'echo',
      messages: user('one two three'),
      stop: 'two',
    });
    expect(stopped.choices[0]?.message.content).toBe('one ');
    const refused = await client.chat.completions.create({ model: 'refuse', messages: user('x') });
    expect(refused.choices[0]?.message.content).toBeNull();
    expect(refused.choices[0]?.message.refusal).toContain("can't help");
  });

  it('reasons aloud and counts it', async () => {
    const answer = await client.chat.completions.create({ model: 'reasoning', messages: user('x') });
    expect(answer.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(10);
    expect(answer.choices[0]?.message).toHaveProperty('reasoning_content');
  });

  it('completes prompts, embeds texts and lists models', async () => {
    const completion = await client.completions.create({ model: 'echo', prompt: ['a b', 'c'] });
    expect(completion.choices.map((choice) => choice.text)).toEqual(['a b', 'c']);
    let streamed = '';
    for await (const chunk of await client.completions.create({
      model: 'echo',
      prompt: 'a b c',
      stream: true,
    }))
      streamed += chunk.choices[0]?.text ?? '';
    expect(streamed).toBe('a b c');

    // The package asks for base64 by itself and decodes it.
    const near = await client.embeddings.create({
      model: 'm',
      input: ['a red cat', 'the red cat', 'tax law'],
      dimensions: 256,
    });
    const [a, b, c] = near.data.map((item) => item.embedding) as [number[], number[], number[]];
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
    expect(a).toHaveLength(256);
    expect(dot(a, a)).toBeCloseTo(1, 5);
    expect(dot(a, b)).toBeGreaterThan(dot(a, c) + 0.3);
    const floats = await client.embeddings.create({
      model: 'm',
      input: 'a red cat',
      dimensions: 256,
      encoding_format: 'float',
    });
    expect(floats.data[0]?.embedding[0]).toBeCloseTo(a[0] as number, 6);

    expect((await client.models.list()).data.map((model) => model.id)).toContain('echo');
  });

  it.each([
    [400, OpenAI.BadRequestError],
    [401, OpenAI.AuthenticationError],
    [403, OpenAI.PermissionDeniedError],
    [404, OpenAI.NotFoundError],
    [422, OpenAI.UnprocessableEntityError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ])('error-%i is that error to the client', async (status, kind) => {
    const call = client.chat.completions.create({ model: `error-${status}`, messages: user('x') });
    await expect(call).rejects.toBeInstanceOf(kind);
    await expect(call).rejects.toMatchObject({ status, error: { message: expect.any(String) } });
  });

  it('takes its script from the message when the model’s name is not free to choose', async () => {
    const call = client.chat.completions.create({ model: 'gpt-4o', messages: user('Hi [mock:error-429]') });
    await expect(call).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  });

  it.each([
    [{ model: 'm' }, 'messages', 'missing_required_parameter'],
    [{ model: 'm', messages: 'hi' }, 'messages', 'invalid_type'],
    [{ model: 'm', messages: [] }, 'messages', 'empty_array'],
    [{ model: 'm', messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role', 'invalid_value'],
    [{ model: 'm', messages: user('x'), temperature: 3 }, 'temperature', 'decimal_above_max_value'],
    [{ model: 'm', messages: user('x'), max_tokens: 'many' }, 'max_tokens', 'invalid_type'],
    [
      { model: 'm', messages: [{ role: 'tool', tool_call_id: 'a', content: 'x' }] },
      'messages.[0].role',
      null,
    ],
  ])('refuses %j naming the field', async (body, param, code) => {
    const call = client.chat.completions.create(
      body as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming,
    );
    await expect(call).rejects.toMatchObject({ status: 400, param, code });
  });

  it('refuses an unanswered tool call, as translation must never leave one', async () => {
    const call = client.chat.completions.create({
      model: 'm',
      messages: [
        {
          role: 'assistant',
          tool_calls: [{ id: 'call_9', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        ...user('and?'),
      ],
    });
    await expect(call).rejects.toThrow(/call_9/);
  });

  it('breaks a stream in the middle, and puts an error event into another', async () => {
    await expect(chunksOf({ model: 'cut', messages: user('x') })).rejects.toThrow();
    await expect(chunksOf({ model: 'stream-error-3', messages: user('x') })).rejects.toThrow(
      /server had an error/,
    );
  });
});
